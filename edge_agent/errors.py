"""Everything that can go wrong and that a person can mend, one class each.

Each message is written for the technician who reads it over ssh: what was found, where, and what
to do next. `EdgeAgentError.exit_status` is the process's exit status: 1 ran and found something
wrong, 2 wrong usage or configuration.
"""


class EdgeAgentError(Exception):
    """Root of all errors that the agent raises on purpose."""

    exit_status = 1


class SettingsError(EdgeAgentError, ValueError):
    """The settings file is missing, unreadable or says something impossible."""

    exit_status = 2


class UsageError(EdgeAgentError, ValueError):
    """A command was called with something that does not exist: a plate, a case, a product."""

    exit_status = 2


class RecordingError(EdgeAgentError, ValueError):
    """A recording lacks a file or has a line that cannot be read."""

    exit_status = 2


class ScaleError(EdgeAgentError, OSError):
    """A scale could not be opened or was lost."""


class CalibrationError(EdgeAgentError, ValueError):
    """A plate cannot be calibrated or tared as it stands."""


class LearningError(EdgeAgentError, ValueError):
    """Units put on a plate do not say what a product weighs."""


class CameraError(EdgeAgentError, OSError):
    """A camera could not be opened or was lost."""


class ModelError(EdgeAgentError, ValueError):
    """A detector's model is altered or incomplete, or cannot run here."""


class StoreError(EdgeAgentError, OSError):
    """The state folder cannot be used: not writable, full, or locked by another agent."""


class BrokerError(EdgeAgentError, ConnectionError):
    """The MQTT broker cannot be reached or refuses us."""


class MessageError(EdgeAgentError, ValueError):
    """A message from the cloud cannot be understood."""


class SignatureError(MessageError):
    """A message's signature is missing, wrong, or by a key that is not known."""


class AgentNotRunning(EdgeAgentError, ConnectionError):
    """A command needs the running agent, and none answers on its socket."""
