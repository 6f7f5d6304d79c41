"""`products learn SKU --pictures` and `products recognise`, as a technician calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from edge_agent.settings_file import load_settings
from tests.cli.command_scene import Done, Shelf
from tests.vision.drawn_prints import carton, photographed

SETTINGS = """\
shelf_id = "office-7"
currency = "CNY"

[[plate]]
id = "A1"
region = [0, 0, 300, 300]
products = ["cola", "lemon"]

[[product]]
sku = "cola"
name = "Cola 330 ml"
price = 350

[[product]]
sku = "lemon"
name = "Lemon 330 ml"
price = 350

[[product]]
sku = "water"
name = "Water"
weight_g = 500.0
price = 200
"""
PRINTS = {"cola": 1, "lemon": 2, "water": 3}


class Desk:
    """A folder with settings, a state and photographs, and the commands used there."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "shelf.toml"
        self.config.write_text(SETTINGS, encoding="utf-8")
        self.state = folder / "state"
        self._folder = folder

    def photo(self, name: str, number: int, seed: int) -> str:
        """Write a photograph of a print; returns its path."""
        file = self._folder / f"{name}.jpg"
        cv2.imwrite(str(file), photographed(carton(number), seed)[0])
        return str(file)

    def run(self, *arguments: str) -> Done:
        return Shelf(self.config, self.state).run("products", *arguments)

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        done = self.run("recognise", *arguments, "--json")
        return [json.loads(line) for line in done.out.splitlines()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def taught(desk: Desk) -> Desk:
    for sku, number in PRINTS.items():
        photo = desk.photo(f"{sku}-taught", number, 10 + number)
        assert desk.run("learn", sku, "--pictures", photo).status == 0
    return desk


def test_pictures_are_kept_under_the_state_folder(desk: Desk) -> None:
    files = [desk.photo(f"cola-{i}", 1, i) for i in range(3)]
    done = desk.run("learn", "cola", "--pictures", *files, "--json")
    assert done.status == 0, done.err
    told = json.loads(done.out)
    assert (told["sku"], told["added"], told["looks_alike"]) == ("cola", 3, [])
    kept = sorted(file.name for file in (desk.state / "products" / "cola").glob("*.jpg"))
    assert kept == ["1.jpg", "2.jpg", "3.jpg"]
    assert told["pictures"] == [str(desk.state / "products" / "cola" / name) for name in kept]


def test_each_line_of_json_is_as_the_contract_says(taught: Desk) -> None:
    asked = {sku: taught.photo(sku, number, 30 + number) for sku, number in PRINTS.items()}
    lines = taught.lines(*asked.values())
    assert [line["picture"] for line in lines] == list(asked.values())
    assert [line["answer"] for line in lines] == list(PRINTS)
    for line in lines:
        assert list(line) == ["picture", "ranking", "answer"]
        assert {entry["sku"] for entry in line["ranking"]} == set(PRINTS)
        likelihoods = [entry["likelihood"] for entry in line["ranking"]]
        assert likelihoods == sorted(likelihoods, reverse=True)


def test_only_products_among_those_asked_are_ranked(taught: Desk) -> None:
    photo = taught.photo("asked", 1, 40)
    for among in (["--among", "lemon,cola"], ["--among", "lemon", "--among", "cola"]):
        [line] = taught.lines(photo, *among)
        assert [entry["sku"] for entry in line["ranking"]] == ["cola", "lemon"]


def test_it_says_in_words_what_it_sees_and_that_it_cannot_tell(taught: Desk) -> None:
    known = taught.run("recognise", taught.photo("known", 2, 41))
    assert known.status == 0
    assert "Lemon 330 ml (lemon)" in known.out
    unknown = taught.run("recognise", taught.photo("unknown", 88, 42))
    assert unknown.status == 0
    assert "cannot tell" in unknown.out


def test_a_file_that_is_no_picture_is_named_and_the_others_are_recognised(taught: Desk) -> None:
    broken = taught.config.with_name("broken.jpg")
    broken.write_bytes(b"\xff\xd8 no picture")
    photo = taught.photo("good", 3, 43)
    done = taught.run("recognise", str(broken), "missing.jpg", photo, "--json")
    assert done.status == 1
    assert done.err.startswith("error: ")
    assert str(broken) in done.err.splitlines()[0]
    assert "missing.jpg" in done.err.splitlines()[1]
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line["answer"] for line in lines] == [None, None, "water"]


def test_a_wrong_picture_teaches_nothing(desk: Desk) -> None:
    good = desk.photo("good", 1, 44)
    done = desk.run("learn", "cola", "--pictures", good, str(desk.config))
    assert done.status == 1
    assert str(desk.config) in done.err
    assert not (desk.state / "products").exists()


def test_pictures_may_be_given_one_option_each(desk: Desk) -> None:
    first, second = (desk.photo(f"p{i}", 1, 45 + i) for i in range(2))
    done = desk.run("learn", "cola", "--pictures", first, "--pictures", second, "--json")
    assert json.loads(done.out)["added"] == 2


def test_the_same_picture_twice_is_kept_once(desk: Desk) -> None:
    photo = desk.photo("once", 1, 47)
    desk.run("learn", "cola", "--pictures", photo)
    again = desk.run("learn", "cola", "--pictures", photo, "--json")
    assert (again.status, json.loads(again.out)["added"]) == (0, 0)
    assert "taught before" in again.err


def test_what_looks_alike_is_said(desk: Desk) -> None:
    desk.run("learn", "cola", "--pictures", desk.photo("c", 1, 48), desk.photo("c2", 1, 49))
    done = desk.run("learn", "lemon", "--pictures", desk.photo("l", 1, 50), desk.photo("l2", 1, 51))
    assert done.status == 0
    assert "neither weight nor picture" in done.err
    assert "Lemon 330 ml from Cola 330 ml" in done.err


def test_a_product_that_the_settings_lack_is_taught_and_said_so(desk: Desk) -> None:
    done = desk.run("learn", "new", "--pictures", desk.photo("n", 4, 52))
    assert done.status == 0
    assert "products add new" in done.err
    assert desk.lines(desk.photo("n2", 4, 53))[0]["ranking"][0]["sku"] == "new"


def test_with_name_and_price_a_new_product_is_added(desk: Desk) -> None:
    photo = desk.photo("n", 4, 54)
    done = desk.run("learn", "new", "--pictures", photo, "--name", "New", "--price", "120")
    assert done.status == 0, done.err
    added = load_settings(desk.config).product[-1]
    assert (added.sku, added.name, added.price, added.weight_g) == ("new", "New", 120, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["recognise", "x.jpg"], "No product has pictures yet"),
        (["learn", "cola", "x.jpg"], "--pictures"),
        (["learn", "a b", "--pictures", "x.jpg"], "no SKU"),
    ],
)
def test_wrong_usage_says_what_to_do(desk: Desk, arguments: list[str], said: str) -> None:
    done = desk.run(*arguments)
    assert done.status == 2
    assert said in done.err.splitlines()[0]


def test_among_names_products_that_exist(taught: Desk) -> None:
    photo = taught.photo("p", 1, 55)
    unknown = taught.run("recognise", photo, "--among", "tea,cola")
    assert unknown.status == 2
    assert "tea" in unknown.err
