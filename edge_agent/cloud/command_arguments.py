"""What each command of the cloud takes, field by field; fields it does not know are ignored."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from edge_agent.cloud.messages import FromCloud, Many, Name, Time
from edge_agent.cloud.wording import first_fault
from edge_agent.errors import MessageError
from edge_agent.settings import Sku

MOST_ROWS = 200
USUAL_ROWS = 50
MOST_UNITS = 10_000

About = Literal[
    "case",
    "cases",
    "visit",
    "visits",
    "change",
    "changes",
    "payment",
    "payments",
    "restocks",
    "stock",
    "catalogue",
    "status",
    "rejections",
    "commands",
]
_ID_OF: dict[str, str] = {
    "case": "case_id",
    "visit": "visit_id",
    "change": "change_id",
    "payment": "payment_id",
}


class Query(FromCloud):
    """`query`: what is asked about, and which one; without arguments, which cases are open."""

    about: About | None = None
    case_id: Name | None = None
    visit_id: Name | None = None
    change_id: Name | None = None
    payment_id: Name | None = None
    plate: Name | None = None
    state: Name | None = None
    since: Time | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = USUAL_ROWS

    @model_validator(mode="after")
    def _names_the_one(self) -> Self:
        wanted = _ID_OF.get(self.about or "")
        if wanted is not None and getattr(self, wanted) is None:
            raise ValueError(f"a query about a {self.about} needs {wanted}")
        return self


class Tare(FromCloud):
    """`tare`: the plate's present weight is zero from now on; goods on it need `confirm`."""

    plate: Name
    confirm: bool = False


class Snapshot(FromCloud):
    """`snapshot`: a picture of this camera, of the first one where none is named."""

    camera: Name | None = None


class Verdict(FromCloud):
    """`close_case`, `confirm_case`: a person's word on a case; `note` says why, for the log."""

    case_id: Name
    note: Annotated[str, StringConstraints(max_length=500)] | None = None


class SetPrice(FromCloud):
    """`set_price`: what a product costs from the event's time on, in minor units."""

    sku: Sku
    price: Annotated[int, Field(ge=0, le=10**9)]


class CountedItem(FromCloud):
    """Units of one product that stand on the plate."""

    sku: Sku
    quantity: Annotated[int, Field(ge=0, le=MOST_UNITS)]


class Count(FromCloud):
    """`count`: what somebody counted on a plate; what is not named is not there."""

    plate: Name
    items: Many[CountedItem]


class Restart(FromCloud):
    """`restart`: takes nothing."""


Arguments = Query | Tare | Snapshot | Verdict | SetPrice | Count | Restart

MODELS: dict[str, type[Arguments]] = {
    "close_case": Verdict,
    "confirm_case": Verdict,
    "count": Count,
    "query": Query,
    "restart": Restart,
    "set_price": SetPrice,
    "snapshot": Snapshot,
    "tare": Tare,
}
COMMANDS = tuple(MODELS)


def parse_arguments(command: str, arguments: dict[str, Any]) -> Arguments:
    """Read a command's arguments.

    Raises MessageError naming the commands there are, or the field, what was found and what is
    allowed.
    """
    model = MODELS.get(command)
    if model is None:
        raise MessageError(f"unknown command {command!r}; known are {', '.join(COMMANDS)}")
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        raise MessageError(f"{command}: arguments: {first_fault(error)}") from error


def described() -> dict[str, list[str]]:
    """Every command with the names of its arguments, those that must be there first, marked `*`."""
    return {
        name: sorted(
            (f"{field}*" if info.is_required() else field)
            for field, info in model.model_fields.items()
        )
        for name, model in MODELS.items()
    }
