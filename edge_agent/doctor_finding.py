"""What the doctor reports, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from edge_agent.errors import EdgeAgentError

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report; `remedy` is what to do, empty where nothing is.

    `measured` are the figures behind it, for programs and for support.
    """

    verdict: Verdict
    what: str
    detail: str
    remedy: str = ""
    measured: dict[str, Any] | None = None


def finding_of(what: str, error: EdgeAgentError) -> Finding:
    """A failed check in the error's own words, which say what to do."""
    return Finding("fail", what, str(error))
