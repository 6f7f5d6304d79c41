"""The page of a case: whole, valid, escaped, and in need of nothing else."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from edge_agent.case_file import read_case
from edge_agent.case_page import case_page
from edge_agent.case_story import in_local_time
from edge_agent.page.markup import tag
from edge_agent.shelf.facts import Fact, RestockFact, RestockLine
from edge_agent.store import Store
from tests.cli.case_scene import make_case, named
from tests.shelf.scene import START, payment, put, take

EVIL = """<script>alert('x')</script> "Nuts" & <b>坚果</b>"""
VOID = {"meta", "img"}


class Read(HTMLParser):
    """Reads a page; every element must be closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page_of(folder: Path, *facts: Fact, until: float = 1000) -> str:
    """The page of the first case that these facts make."""
    ids = make_case(folder / "state", *facts, until=until, known=named(nuts=EVIL))
    store = Store.read_only(folder / "state")
    try:
        return case_page(read_case(store, folder / "state", ids[0]))
    finally:
        store.close()


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return page_of(
        tmp_path_factory.mktemp("page"),
        take(0, "A2", "nuts"),
        take(6, "A1", "cola", 3),
        payment(7, "cola"),
        payment(60, "nuts", state="closed", name="<P&2>"),
    )


@pytest.fixture
def shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_every_element_is_closed_and_none_runs_or_fetches(text: str) -> None:
    read = Read(text)
    assert read.open == []
    assert not {"script", "link", "iframe", "object", "form"} & set(read.names)
    fetched = [v for k, v in read.attributes if k in ("src", "href", "data", "srcset")]
    assert fetched
    assert all(v is not None and v.startswith("data:image/jpeg;base64,") for v in fetched)
    assert not [k for k, _ in read.attributes if k.startswith("on")]
    assert "url(" not in text
    assert "@import" not in text


def test_foreign_words_are_text_and_nothing_else(text: str) -> None:
    read = Read(text)
    assert "script" not in read.names
    assert "b" not in read.names
    whole = " ".join(read.words)
    assert EVIL in whole
    assert "<P&2>" in whole


def test_the_drawings_are_svg_with_the_time_of_a_payment(text: str) -> None:
    drawings = [ElementTree.fromstring(found) for found in re.findall(r"<svg.*?</svg>", text, re.S)]
    # The visit, and two traces.
    assert len(drawings) == 3
    words = [{"".join(e.itertext()) for e in drawn.iter()} for drawn in drawings]
    assert "P1 paid" in words[2]
    assert any(w.startswith("paid: 1 × Cola") for w in words[0])


def test_pictures_are_within_the_page_and_small(text: str) -> None:
    uris = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', text)
    assert len(uris) == 4
    for uri in uris:
        image = cv2.imdecode(np.frombuffer(base64.b64decode(uri), np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        assert max(image.shape) == 560


def test_times_are_local_with_their_zone_and_utc_on_pointing(
    tmp_path: Path, shanghai: None
) -> None:
    text = page_of(tmp_path, take(0, "A2", "nuts"))
    assert ">2026-03-02 11:00:00 CST</time>" in text
    assert 'title="2026-03-02 03:00:00 UTC"' in text


def test_the_sentence_is_told_in_local_time(shanghai: None) -> None:
    near = "2026-03-01T23:50:00.000Z"
    assert in_local_time("left at 23:50 UTC; paid", near) == "left at 07:50; paid"
    said = "between 2026-03-01 22:00 and 2026-03-02 10:00 UTC"
    assert in_local_time(said, near) == "between 2026-03-02 06:00 and 2026-03-02 18:00"
    assert in_local_time("between 23:50 and 23:58 UTC.", near) == "between 07:50 and 07:58."
    assert in_local_time("nothing at all", None) == "nothing at all"


def test_a_picture_that_is_gone_or_damaged_is_said_so(tmp_path: Path) -> None:
    make_case(tmp_path / "state", take(0, "A2", "nuts"), until=1000)
    before, after = sorted(
        (tmp_path / "state" / "evidence").iterdir(), key=lambda f: "after" in f.name
    )
    before.unlink()
    after.write_bytes(b"no picture")
    store = Store.read_only(tmp_path / "state")
    (case,) = store.views.list("case")
    text = case_page(read_case(store, tmp_path / "state", case["case_id"]))
    store.close()
    assert "It is no longer kept here." in text
    assert "It cannot be read" in text
    assert Read(text).open == []


def test_a_page_prints_on_a4_without_broken_rows(text: str) -> None:
    style = re.search(r"<style>(.*?)</style>", text, re.S)
    assert style is not None
    assert "size: A4" in style[1]
    assert re.search(r"@media print .*tr, figure.*break-inside: avoid", style[1], re.S)


def test_a_restock_and_a_settled_case_have_pages_too(tmp_path: Path) -> None:
    order = RestockFact(START, "7", 1, "started", START, "Li", (RestockLine("nuts", 3, "A2"),))
    over = RestockFact(START + 60, "7", 2, "finished", START + 60, "Li", ())
    short = page_of(tmp_path / "restock", order, put(10, "A2", "nuts", 2), over)
    assert "What was ordered" in short
    paid = page_of(tmp_path / "paid", take(0, "A2", "nuts"), payment(500, "nuts"))
    assert "closed: paid" in paid
    assert "What it was about" in paid
    assert Read(short).open == Read(paid).open == []


def test_attributes_are_escaped_as_well() -> None:
    assert tag("p", "a<b", title='"><script>') == ('<p title="&quot;&gt;&lt;script&gt;">a&lt;b</p>')
