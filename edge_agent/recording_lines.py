"""The lines of `messages.jsonl` and `truth.jsonl` (contract, section 4)."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from edge_agent.truth import TrueChange, TrueLoss, TrueVisit, Truth, normal_items

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Line(BaseModel):
    # Recordings outlive the programs that made them: further keys are no errors.
    model_config = ConfigDict(frozen=True, extra="ignore")


class MessageLine(_Line):
    """A message as it arrived; `payload` is an object, or text where it was none."""

    time: Seconds
    topic: Annotated[str, Field(min_length=1)]
    payload: Any

    @property
    def payload_bytes(self) -> bytes:
        """The message's bytes: an object's compact JSON, or the text itself."""
        if isinstance(self.payload, str):
            # Bytes that were no UTF-8 are written as lone surrogates.
            return self.payload.encode("utf-8", errors="surrogateescape")
        return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":")).encode()


def payload_value(payload: bytes) -> Any:
    """Give what `messages.jsonl` holds for a payload: `payload_bytes` turned round.

    Only an object whose compact JSON is these very bytes becomes one; all else stays text.
    """
    text = payload.decode("utf-8", errors="surrogateescape")
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if not isinstance(value, dict):
        return text
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value if compact == text else text


class _Item(_Line):
    sku: str
    quantity: int


class _ChangeLine(_Line):
    truth: Literal["change"]
    time: Seconds
    plate: str
    items: list[_Item]
    grams: float | None = None


class _LossLine(_Line):
    truth: Literal["loss"]
    time: Seconds
    kind: str
    sku: str | None
    quantity: int
    value: int | None = None


class _VisitLine(_Line):
    truth: Literal["visit"]
    time: Seconds
    ended: Seconds
    kind: str
    honest: bool


_TRUTH: TypeAdapter[_ChangeLine | _LossLine | _VisitLine] = TypeAdapter(
    Annotated[_ChangeLine | _LossLine | _VisitLine, Field(discriminator="truth")]
)


def read_truth(value: Any) -> Truth:
    """Read a line of `truth.jsonl`. Raises pydantic.ValidationError."""
    line = _TRUTH.validate_python(value, strict=True)
    if isinstance(line, _ChangeLine):
        items = normal_items(item.model_dump() for item in line.items)
        return TrueChange(line.time, line.plate, items, line.grams)
    if isinstance(line, _VisitLine):
        return TrueVisit(line.time, line.ended, line.kind, line.honest)
    return TrueLoss(line.time, line.kind, line.sku, line.quantity, line.value)
