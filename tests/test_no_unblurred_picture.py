"""One gate for pictures of the shelf: nothing reaches the disk or the cloud but through it."""

from __future__ import annotations

import ast
import typing
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_agent.vision.evidence.blurring import ClearedPicture, clear
from edge_agent.vision.evidence.folder import EvidenceFolder
from edge_agent.vision.evidence.keeping import EvidenceKeeper

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "edge_agent"
SOURCES = {str(p.relative_to(ROOT)): ast.parse(p.read_text("utf-8")) for p in PACKAGE.rglob("*.py")}

GATE = "edge_agent/vision/evidence/blurring.py"

MAY_ENCODE = {
    GATE: "the gate itself",
    "edge_agent/vision/frames.py": "defines it; the ring is in memory",
    "edge_agent/vision/evidence/held.py": "in memory, until it goes through the gate",
    "edge_agent/witness.py": "answers a technician at the socket (`camera snapshot`); kept nowhere",
    "edge_agent/cli/snapshots.py": "what a technician asked for, where they asked for it",
    "edge_agent/cli/inline_pictures.py": "shows pictures in the terminal",
    "edge_agent/cli/aim_pictures.py": "what a technician asked for, where they asked for it",
    "edge_agent/vision/watching/watched.py": "a region in memory",
    "edge_agent/vision/features/gallery.py": "a product that a technician teaches, cut out",
    "edge_agent/vision/picture_files.py": "the same, as PNG",
    "edge_agent/plot/png.py": "draws weights",
    "edge_agent/page/pictures.py": "makes pictures that went through the gate smaller",
}
"""Who may make a JPEG, and why that is no way around the gate."""

MAY_WRITE_PICTURES = {
    "edge_agent/vision/evidence/folder.py": "takes nothing but what the gate gives",
    "edge_agent/vision/features/gallery.py": "a product that a technician teaches, cut out",
}


ELSEWHERE = {
    name
    for name in SOURCES
    # Drawings of a shelf that is not there, and training on a PC: no camera looks at people there.
    if name.startswith(("edge_agent/simulation/", "edge_agent/training/"))
}


def calls(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The names of what is called, without what they belong to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).split(".")[-1], node.lineno


def test_only_the_gate_makes_a_picture_that_may_be_written() -> None:
    with pytest.raises(TypeError, match="made by"):
        ClearedPicture(b"jpeg", object())
    makers = {
        name for name, tree in SOURCES.items() if "ClearedPicture" in {c for c, _ in calls(tree)}
    }
    assert makers == {GATE}
    seals = {
        name
        for name, tree in SOURCES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "_SEAL")
        or (isinstance(node, ast.Attribute) and node.attr == "_SEAL")
    }
    assert seals == {GATE}


def test_the_gates_picture_cannot_be_changed_afterwards() -> None:
    picture = clear(np.zeros((40, 40, 3), np.uint8), (), None, blur=True)
    assert picture.jpeg.startswith(b"\xff\xd8")
    with pytest.raises(AttributeError):
        picture.jpeg = b"another"  # type: ignore[misc]


def test_the_folder_of_pictures_takes_nothing_else() -> None:
    taken = typing.get_type_hints(EvidenceFolder.write)
    assert taken["picture"] is ClearedPicture
    assert typing.get_type_hints(EvidenceKeeper.shown)["return"] is ClearedPicture


def test_the_folder_refuses_bytes_even_where_types_are_not_checked(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path)
    with pytest.raises(TypeError, match="ClearedPicture"):
        folder.write("a.jpg", b"\xff\xd8\xff raw", 1.0)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_pictures_are_encoded_where_it_is_known_why() -> None:
    encoders = {
        name
        for name, tree in SOURCES.items()
        if {"encode_jpeg", "imencode", "imwrite"} & {c for c, _ in calls(tree)}
    }
    assert encoders - set(MAY_ENCODE) - ELSEWHERE == set()


def writes(call: ast.Call) -> bool:
    """Whether a call writes a file: by its name, or by the mode it opens it with."""
    name = ast.unparse(call.func).split(".")[-1]
    modes = [a.value for a in call.args if isinstance(a, ast.Constant)]
    opens = name == "open" and any(isinstance(m, str) and set("wax+") & set(m) for m in modes)
    return opens or name in {"write_bytes", "imwrite", "tofile"}


def test_what_sees_the_shelf_writes_pictures_through_the_gate_alone() -> None:
    written = {
        name
        for name, tree in SOURCES.items()
        if name.startswith(("edge_agent/vision/", "edge_agent/witness", "edge_agent/desk"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and writes(node)
    }
    assert "edge_agent/vision/evidence/folder.py" in written
    assert written - set(MAY_WRITE_PICTURES) == set()
