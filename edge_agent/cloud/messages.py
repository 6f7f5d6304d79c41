"""What comes down from the cloud, field by field (contract, section 3).

Unknown fields are ignored, so that the cloud may grow first; wrong types and values are not.
Money is whole minor units; times become Unix seconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from edge_agent.cloud.events import CloudEvent
from edge_agent.cloud.wording import first_fault
from edge_agent.errors import MessageError
from edge_agent.settings import Currency, Identifier, ProductSettings, Sku
from edge_agent.times import parse_time

SIGNED_TOPICS = ("payments", "restocks", "catalogue", "commands")
TOPICS = (*SIGNED_TOPICS, "acks")

_MOST_LINES = 2000
# More than any shelf holds; each unit costs the matching time, which one message must not take.
_MOST_UNITS = 1000


def _unix_seconds(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("an RFC 3339 time such as 2026-03-01T12:00:00.123Z is needed")
    return parse_time(value)


def _a_list(value: object) -> object:
    if not isinstance(value, list):
        raise ValueError("a list is needed")
    return value


Time = Annotated[float, BeforeValidator(_unix_seconds)]
Money = Annotated[int, Field(ge=0, le=10**12)]
Revision = Annotated[int, Field(ge=0, le=2**53)]
Quantity = Annotated[int, Field(gt=0, le=1000)]
SignedQuantity = Annotated[int, Field(ge=-100_000, le=100_000)]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")
]

_Item = TypeVar("_Item")
# JSON has lists where a frozen model holds tuples; only the outer type is loosened.
Many = Annotated[
    tuple[_Item, ...], Field(strict=False, max_length=_MOST_LINES), BeforeValidator(_a_list)
]


class FromCloud(BaseModel):
    """A part of a message: does not change, ignores fields it does not know, no coercion."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class PaymentLine(FromCloud):
    """Units of one product on an order; prices say nothing about what may be taken."""

    sku: Sku
    quantity: Quantity
    unit_price: Money = 0
    discount: Money = 0
    gift: bool = False


class RefundLine(FromCloud):
    """Units of one product that were refunded."""

    sku: Sku
    quantity: Quantity


class Refund(FromCloud):
    """Money given back; with `returned` the goods should be back on the shelf."""

    refund_id: Name
    at: Time
    amount: Money
    reason: Literal["returned", "quality", "goodwill"]
    lines: Many[RefundLine] = ()


class Payment(FromCloud):
    """One order in the operator's shop, as it stands in this revision."""

    payment_id: Name
    revision: Revision
    state: Literal["opened", "pending", "paid", "closed", "refunded"]
    channel: str | None = None
    session_id: str | None = None
    payer: str | None = None
    opened_at: Time | None = None
    paid_at: Time | None = None
    closed_at: Time | None = None
    lines: Many[PaymentLine] = ()
    currency: Currency
    total: Money = 0
    discount: Money = 0
    paid: Money = 0
    refunds: Many[Refund] = ()

    @model_validator(mode="after")
    def _paid_for_something(self) -> Self:
        # Without its goods a payment could not close a case against the one who paid.
        if self.state in ("paid", "refunded") and not self.lines:
            raise ValueError(f"a payment in state {self.state!r} needs at least one line")
        units = sum(line.quantity for line in self.lines)
        if units > _MOST_UNITS:
            raise ValueError(f"the lines hold {units} units; at most {_MOST_UNITS} are allowed")
        return self


class RestockLine(FromCloud):
    """Units of one product to put in, or with a negative quantity to take out."""

    sku: Sku
    quantity: SignedQuantity
    plate: Identifier | None = None

    @model_validator(mode="after")
    def _moves_something(self) -> Self:
        if self.quantity == 0:
            raise ValueError("quantity must not be 0")
        return self


class Restock(FromCloud):
    """One logistics order, as it stands in this revision."""

    restock_id: Name
    revision: Revision
    state: Literal["planned", "started", "finished", "cancelled"]
    operator: str | None = None
    lines: Many[RestockLine]


class CatalogueProduct(ProductSettings):
    """A product as in `shelf.toml`."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class CataloguePlate(FromCloud):
    """What belongs on one plate."""

    id: Identifier
    products: Many[Sku]


class Catalogue(FromCloud):
    """Products and planogram; the highest `version` counts."""

    version: Revision
    products: Many[CatalogueProduct]
    plates: Many[CataloguePlate] = ()


class Command(FromCloud):
    """Something the operator asks of the shelf."""

    command: Name
    arguments: dict[str, Any] = {}


class Ack(FromCloud):
    """Events that the cloud has stored (`confirm = "cloud"`)."""

    ids: Annotated[tuple[str, ...], Field(strict=False, max_length=10_000)]


Message = Payment | Restock | Catalogue | Command | Ack

_MODELS: dict[str, tuple[str, type[Message]]] = {
    "payments": ("shelf.payment", Payment),
    "restocks": ("shelf.restock", Restock),
    "catalogue": ("shelf.catalogue", Catalogue),
    "commands": ("shelf.command", Command),
    "acks": ("shelf.ack", Ack),
}


def parse_message(topic: str, event: CloudEvent) -> Message:
    """Read the data of an event that came on `topic` (without the prefix).

    Raises MessageError with the field, what was found there and what is allowed.
    """
    if topic not in _MODELS:
        raise MessageError(f"Nothing is read from topic {topic!r}; known: {', '.join(TOPICS)}")
    expected, model = _MODELS[topic]
    if event.type != expected:
        raise MessageError(f"On {topic} the type must be {expected!r} (found {event.type!r})")
    try:
        return model.model_validate(_without_nulls(event.data))
    except ValidationError as error:
        raise MessageError(f"{expected} {event.id!r}: data: {first_fault(error)}") from error


def _without_nulls(value: Any) -> Any:
    """The same data, with fields that are null left out: senders write absence either way."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value
