"""When an MT-SICS scale is asked what, and what its answers come to. Pure: time is passed in.

One question at a time, `poll_s` or more after the last one (Kern wants more than 100 ms between
them, KIB-TM p. 33), and only after its answer or `ANSWER_S` without one: a slow scale is asked at
its own pace. One that says that it cannot answer now is asked less and less often.
"""

from __future__ import annotations

from edge_agent.sensing.mtsics_parser import About, MtSicsParser, Refusal
from edge_agent.sensing.readings import Reading

ANSWER_S = 1.0
LONGEST_PAUSE_S = 1.0
MANY_REFUSALS = 5
LOOK_S = 0.005

_WEIGH = b"SI"
_ABOUT = (b"I2", b"I4")

REFUSALS = {
    "ES": "it does not understand the question SI. It speaks another protocol, or SI is switched "
    "off: set its interface to MT-SICS (Kern: KCP)",
    "ET": "it receives our questions broken. Set `baudrate` and `framing` to what its menu says",
    "EL": "it cannot do what SI asks. Leave its menu, and set its interface to MT-SICS (Kern: KCP)",
    "I": "it cannot answer now",
}


class MtSicsDialogue:
    """Asks a scale who it is, then for its weight, again and again.

    `now` is a monotonic time in seconds. `about` holds what it said of itself by inquiry,
    `unanswered` counts questions, `beyond` readings outside its range, and `refused` is the code
    that it has given to every question of late, once there are many.
    """

    def __init__(self, poll_s: float) -> None:
        self.parser = MtSicsParser()
        self.about: dict[str, str] = {}
        self.unanswered = 0
        self.beyond = 0
        self.busy = False
        self.refused: str | None = None
        self._poll_s = self._pause_s = poll_s
        self._refusals = 0
        self._curious = list(_ABOUT)
        self._question: bytes | None = None
        self._asked_at = float("-inf")

    def step(self, received: bytes, now: float) -> tuple[list[Reading], bytes]:
        """Take what has arrived; return the readings in it, and what to send now, maybe nothing."""
        readings = []
        for answer in self.parser.feed(received):
            if isinstance(answer, Reading):
                readings.append(answer)
                self._note_reading(answer)
            elif isinstance(answer, About):
                self.about[answer.inquiry] = answer.text
            else:
                self._note_refusal(answer)
            self._question = None
        if self._question is not None and now - self._asked_at >= ANSWER_S:
            self.unanswered += 1
            self._question = None
        if self._question is not None or now - self._asked_at < self._pause_s:
            return readings, b""
        self._question = self._curious.pop(0) if self._curious else _WEIGH
        self._asked_at = now
        return readings, self._question + b"\r\n"

    def due_in(self, now: float) -> float:
        """How long `step` may wait, in seconds."""
        if self._question is not None:
            return LOOK_S
        return max(self._asked_at + self._pause_s - now, 0.0)

    def _note_reading(self, reading: Reading) -> None:
        self._refusals, self.refused = 0, None
        self.beyond += reading.is_beyond
        self.busy = reading.state == "busy"
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S) if self.busy else self._poll_s

    def _note_refusal(self, refusal: Refusal) -> None:
        if self._question != _WEIGH:
            return
        self._refusals += 1
        if self._refusals >= MANY_REFUSALS:
            self.refused = refusal.code
