"""The sections of a case's page that show: weight traces and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edge_agent.case_file import CaseFile, CasePicture
from edge_agent.case_story import grams, said_of
from edge_agent.errors import CameraError, StoreError
from edge_agent.page.markup import Html, moment, tag
from edge_agent.page.pictures import picture_uri
from edge_agent.plot.small_trace import Mark, draw_small_trace
from edge_agent.plot.svg import to_svg
from edge_agent.plot.told_change import plot_of_told
from edge_agent.shelf.phrases import duration
from edge_agent.times import parse_time

Payload = dict[str, Any]

SIDES = ("before", "during", "after")


def traces_section(file: CaseFile) -> list[Html]:
    """What the weight did around each change."""
    if not file.changes:
        return []
    marks = [*_marks(file)]
    figures = [_trace(change, file, marks) for change in file.changes]
    return [tag("h2", "The weight around each change"), *figures]


def _marks(file: CaseFile) -> Iterator[Mark]:
    for payment in file.payments:
        for key, word in (("opened_at", "begun"), ("paid_at", "paid"), ("closed_at", "ended")):
            if payment[key]:
                yield Mark(parse_time(payment[key]), f"{payment['payment_id']} {word}")


def _trace(change: Payload, file: CaseFile, marks: list[Mark]) -> Html:
    caption = tag(
        "figcaption",
        tag("strong", f"Plate {change['plate']}, {grams(change)}"),
        f": {said_of(change, file.names)}, ",
        moment(change["settled_at"], day_of=parse_time(file.case["opened_at"])),
        _next_mark(change, marks),
    )
    samples = file.traces.get(change["change_id"])
    if samples is None:
        return tag("figure", caption, tag("p", "No trace is kept of it.", class_="soft"))
    try:
        plot = plot_of_told(
            change,
            samples,
            title=f"Plate {change['plate']}",
            subtitle=said_of(change, file.names),
        )
    except StoreError as error:
        return tag("figure", caption, tag("p", str(error), class_="soft"))
    return tag("figure", caption, Html(to_svg(draw_small_trace(plot, marks))))


def _next_mark(change: Payload, marks: list[Mark]) -> str:
    """The payment event that came next, for it is seldom within the trace."""
    settled_at = parse_time(change["settled_at"])
    later = [mark for mark in marks if mark.at > settled_at]
    if not later:
        return ""
    first = min(later, key=lambda mark: mark.at)
    return f"; payment {first.text} {duration(first.at - settled_at)} later"


def pictures_section(file: CaseFile) -> list[Html]:
    """The pictures as far as they are kept: by change, before it, during and after it."""
    if not file.pictures:
        return []
    order = {change["change_id"]: place for place, change in enumerate(file.changes)}

    def place(picture: CasePicture) -> tuple[int, int, str]:
        side = _side(picture)
        step = SIDES.index(side) if side in SIDES else len(SIDES)
        return order.get(picture.change_id or "", len(order)), step, side

    figures = [_picture(picture, file) for picture in sorted(file.pictures, key=place)]
    return [tag("h2", "Pictures"), tag("div", *figures, class_="pictures")]


def _side(picture: CasePicture) -> str:
    """One of `SIDES`, as its name says it (`vision.evidence`); empty where it does not."""
    rest = picture.evidence_id.removeprefix(f"{picture.change_id}-")
    return rest.split("-")[0] if rest != picture.evidence_id else ""


def _picture(picture: CasePicture, file: CaseFile) -> Html:
    plates = {change["change_id"]: change["plate"] for change in file.changes}
    what = picture.evidence_id
    if picture.change_id in plates and _side(picture):
        what = f"Plate {plates[picture.change_id]}, {_side(picture)}"
    name = tag("strong", what, title=picture.evidence_id)
    gone = tag("p", "It is no longer kept here.", class_="soft")
    if picture.path is None:
        return tag("figure", tag("figcaption", name), gone)
    caption = tag("figcaption", name, ", ", moment(picture.at))
    try:
        uri = picture_uri(picture.path.read_bytes(), str(picture.path))
    except FileNotFoundError:
        return tag("figure", caption, gone)
    except (OSError, CameraError) as error:
        return tag("figure", caption, tag("p", f"It cannot be read: {error}", class_="soft"))
    return tag("figure", caption, tag("img", src=uri, alt=what))
