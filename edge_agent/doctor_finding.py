"""What the doctor reports, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge_agent.errors import EdgeAgentError

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report; `remedy` is what to do, empty where nothing is."""

    verdict: Verdict
    what: str
    detail: str
    remedy: str = ""


def finding_of(what: str, error: EdgeAgentError) -> Finding:
    """A failed check in the error's own words, which say what to do."""
    return Finding("fail", what, str(error))
