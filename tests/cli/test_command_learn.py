"""`products learn` with a real serial line and a person at the plate; `products list --learned`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.doctor_ledgers import check_ledgers
from edge_agent.settings_file import load_settings
from edge_agent.store import Store
from tests.broker import wait_until
from tests.cli.command_scene import SODA, Board, Shelf, Terminal, make_shelf, running_agent
from tests.cli.learning_scene import learn


@pytest.fixture
def board() -> Iterator[Board]:
    with Board() as board:
        yield board


@pytest.fixture
def shelf(tmp_path: Path, board: Board) -> Shelf:
    return make_shelf(tmp_path, board.port)


class Person(io.StringIO):
    """Somebody who puts things on plate A1, the next one whenever the last was noticed."""

    def __init__(self, board: Board, *grams: float) -> None:
        super().__init__()
        self._board = board
        self._grams = iter(grams)

    def write(self, text: str) -> int:
        if text.startswith(("Put one unit", "  ")):
            self._board.grams[0] += next(self._grams, 0.0)
        return super().write(text)


@pytest.mark.slow
def test_a_known_product_is_weighed_anew(shelf: Shelf, board: Board) -> None:
    board.grams[0] = 1000.0
    done = learn(shelf, Person(board, 349.0, 351.0, 350.0), SODA)
    assert done.status == 0, done.err
    assert done.json["weight_g"] == pytest.approx(350.0, abs=0.5)
    assert (done.json["units"], done.json["in_use"]) == (3, None)
    product = load_settings(shelf.config).product[0]
    assert product.weight_g == done.json["weight_g"]
    assert product.weight_sd_g == done.json["weight_sd_g"]
    assert product.name == "Soda 330 ml"
    assert "# what the technician wrote" in shelf.config.read_text()


@pytest.mark.slow
def test_odd_units_and_those_taken_off_again_do_not_count(shelf: Shelf, board: Board) -> None:
    person = Person(board, 346.0, 692.0, 346.5, 120.0, -120.0, 345.5)
    done = learn(shelf, person, SODA)
    assert done.status == 0, done.err
    assert done.json["weight_g"] == pytest.approx(346.0, abs=0.5)
    assert done.json["odd_g"] == [pytest.approx(692.0, abs=1.0)]
    assert "2 at once" in done.err
    assert "taken off again" in done.err


@pytest.mark.slow
def test_a_new_product_is_added_with_its_plate_and_its_like(shelf: Shelf, board: Board) -> None:
    person = Person(board, 344.0, 343.5)
    done = learn(
        shelf, person, "tea", "--plate", "A1", "--units", "2", "--name", "Tea", "--price", "300"
    )
    assert done.status == 0, done.err
    settings = load_settings(shelf.config)
    assert (settings.product[-1].sku, settings.product[-1].price) == ("tea", 300)
    assert settings.plate[0].products == (SODA, "tea")
    assert [other["sku"] for other in done.json["alike"]] == [SODA]
    assert "weight alone cannot tell it from Soda 330 ml" in done.err


@pytest.mark.slow
def test_the_running_agent_uses_what_was_learned(shelf: Shelf, board: Board) -> None:
    with running_agent(shelf):
        wait_until(
            lambda: (
                shelf.run("weigh", "--once", "--json").json["plates"][0]["weight_g"] is not None
            ),
            "the agent weighs",
        )
        done = learn(shelf, Person(board, 330.5, 330.0), SODA, "--units", "2")
        assert done.status == 0, done.err
        assert done.json["in_use"] is True
        assert "a new package size" in done.err
        # What was put there belongs to a restock, and is nobody's visit.
        assert shelf.run("visits", "--json").json == []
    store = Store.read_only(shelf.state)
    try:
        kinds = [row.kind for row in store.journal.rows(kinds=["taught", "restock"])]
    finally:
        store.close()
    assert kinds == ["restock", "restock", "taught"]


@pytest.mark.slow
def test_a_person_on_a_terminal_is_asked_before_anything_is_written(
    shelf: Shelf, board: Board
) -> None:
    before = shelf.config.read_text()
    with Terminal(shelf, "products", "learn", SODA, "--units", "1") as terminal:
        terminal.wait_for("Put one unit of Soda 330 ml")
        board.grams[0] = 346.0
        terminal.wait_for("Write")
        assert shelf.config.read_text() == before
        terminal.press_enter()
        terminal.wait_for("Soda 330 ml weighs")
        assert terminal.process.wait(10) == 0
    assert load_settings(shelf.config).product[0].weight_g == pytest.approx(346.0, abs=1.0)


@pytest.mark.slow
def test_nothing_on_the_plate_writes_nothing(shelf: Shelf, board: Board) -> None:
    before = shelf.config.read_text()
    done = learn(shelf, Person(board), SODA, "--wait", "1")
    assert done.status == 1
    assert "Nothing was put on plate A1" in done.err
    assert shelf.config.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tea"], "--name and --price"),
        (["tea", "--name", "Tea", "--price", "300"], "--plate with one of: A1, A2"),
        (["tea", "--name", "Tea", "--price", "300", "--plate", "Z9"], "A1, A2"),
        ([SODA, "--units", "0"], "--units"),
    ],
)
def test_an_impossible_lesson_is_refused_at_once(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = make_shelf(tmp_path).run("products", "learn", *arguments, "--yes")
    assert done.status == 2
    assert said in done.error


def with_lessons(shelf: Shelf, *reasons: str) -> None:
    """A state in which the shelf has learned."""
    store = Store.open(shelf.state)
    lesson = {"sku": SODA, "weight_g": 347.2, "sd_g": 1.4, "units": 12, "catalogue_g": 346.0}
    for at, reason in enumerate(reasons):
        store.views.put_lesson(1_772_420_400.0 + at, {**lesson, "reason": reason})
    suggestion = {"weight_g": 316.0, "weight_sd_g": 2.0, "explanation": "A new size?"}
    products = [{"sku": SODA, "weight_g": 346.0, "suggested": suggestion}]
    store.views.put("stock", "stock", 0.0, {"plates": [], "products": products})
    store.close()


def test_the_history_of_what_was_learned_is_listed(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path)
    with_lessons(shelf, "confirmed", "reset")
    out = shelf.run("products", "list", "--learned").out
    assert "347.20" in out
    assert "forgotten by request" in out
    assert "A new size?" in out
    told = shelf.run("products", "list", "--learned", "--json").json
    assert [lesson["reason"] for lesson in told["history"]] == ["confirmed", "reset"]
    assert told["products"][0]["suggested"]["weight_g"] == 316.0


def with_disagreement(shelf: Shelf) -> None:
    """A state in which a plate's two ledgers disagree, and another is not counted."""
    plates = [
        {
            "plate": "A1",
            "level_g": 1730.0,
            "counted": True,
            "items": [{"sku": SODA, "quantity": 6}],
            "by_weight": [{"sku": SODA, "quantity": 5}],
            "residual_g": -346.0,
            "sigma_g": 2.0,
            "disagreement": {
                "reason": "missed_change",
                "since": "2026-03-02T08:00:00.000Z",
                "explanation": "Plate A1 weighs 346.0 g less than what is counted.",
                "off_g": -346.0,
                "apart": [{"sku": SODA, "quantity": -1}],
            },
            "recounted": None,
        },
        {"plate": "A2", "level_g": 520.0, "counted": False, "items": [], "by_weight": None},
    ]
    store = Store.open(shelf.state)
    store.views.put("stock", "stock", 0.0, {"plates": plates})
    store.close()


def test_stock_shows_both_ledgers_and_why_they_disagree(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path)
    with_disagreement(shelf)
    out = shelf.run("stock").out
    row = next(line for line in out.splitlines() if SODA in line)
    assert row.split()[-2:] == ["6", "5"]
    assert "not counted" in out
    assert "A1: Plate A1 weighs 346.0 g less than what is counted; since" in out


def test_the_doctor_says_what_to_do_about_a_disagreement(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path)
    assert list(check_ledgers(shelf.state)) == []
    with_disagreement(shelf)
    (finding,) = check_ledgers(shelf.state)
    assert (finding.verdict, finding.what) == ("warn", "stock of plate A1")
    assert "restock count A1" in finding.remedy


def test_the_doctor_names_a_product_of_another_weight(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path)
    with_lessons(shelf, "confirmed")
    agreed, product = check_ledgers(shelf.state)
    assert agreed.verdict == "ok"
    assert product.remedy == f"edge-agent products learn {SODA}"


@pytest.mark.slow
def test_a_count_by_hand_reaches_the_running_agent(shelf: Shelf, board: Board) -> None:
    board.grams = [6 * 346.0, 520.0]
    with running_agent(shelf):
        wait_until(lambda: bool(shelf.run("stock", "--json").json["plates"]), "it has counted")
        assert shelf.run("restock", "count", "A1", f"{SODA}=5").status == 0
        plate = shelf.run("stock", "--json").json["plates"][0]
        assert plate["items"] == [{"sku": SODA, "quantity": 5}]
        assert "tea" in shelf.run("restock", "count", "A1", "tea=5").error
        assert "SKU=N" in shelf.run("restock", "count", "A1", "five").error


def test_forgetting_needs_the_running_agent(tmp_path: Path) -> None:
    done = make_shelf(tmp_path).run("products", "learn", SODA, "--reset")
    assert done.status == 1
    assert "No agent answers" in done.error
