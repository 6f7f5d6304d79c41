"""A model's manifest: what it sees, which files it is made of, and under which licence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge_agent.errors import ModelError

MANIFEST_FILE = "manifest.json"

FileKind = Literal["onnx", "ncnn-param", "ncnn-bin", "pytorch"]

_GET_ANOTHER = "Get the whole folder again from where it was made, and run `edge-agent model "


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelClass(_Part):
    """One thing that the model tells apart: a product."""

    sku: Annotated[str, Field(min_length=1)]
    name: str = ""


class ModelFile(_Part):
    """One file of the model, beside the manifest."""

    kind: FileKind
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    size: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Measured(_Part):
    """How good the model was on pictures that it was not trained on: `pictures` of them."""

    on: str
    pictures: Annotated[int, Field(ge=1)]
    map50: Annotated[float, Field(ge=0, le=1)]
    map50_95: Annotated[float, Field(ge=0, le=1)]


class Weight(_Part):
    """What a score is worth as a likelihood: ln ratio = intercept + slope · ln(s / (1 - s)).

    Fitted on `samples` things in held-back pictures (Platt scaling); no ratio is believed beyond
    what so many samples can show.
    """

    slope: Annotated[float, Field(gt=0, le=20)] = 1.0
    intercept: Annotated[float, Field(ge=-20, le=20)] = 0.0
    samples: Annotated[int, Field(ge=1)] = 30


class Manifest(_Part):
    """What stands in `manifest.json`."""

    format: Literal[1] = 1
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    made_on: date
    made_from: Annotated[str, Field(min_length=1)]
    licence: Annotated[str, Field(min_length=1)]
    input_px: Annotated[int, Field(ge=32, le=2048, multiple_of=32)]
    classes: Annotated[tuple[ModelClass, ...], Field(min_length=1)]
    files: Annotated[tuple[ModelFile, ...], Field(min_length=1)]
    measured: Measured | None = None
    weight: Weight = Weight()

    @model_validator(mode="after")
    def _nothing_twice(self) -> Manifest:
        for what, names in (
            ("class", self.skus),
            ("file", [file.name for file in self.files]),
            ("kind of file", [file.kind for file in self.files]),
        ):
            for name in names:
                if list(names).count(name) > 1:
                    raise ValueError(f"the {what} {name!r} stands there twice")
        return self

    @property
    def skus(self) -> tuple[str, ...]:
        """The SKUs in the order of the model's classes."""
        return tuple(found.sku for found in self.classes)

    def file(self, kind: FileKind) -> ModelFile | None:
        """Return the file of a kind; None where the model was not exported so."""
        return next((file for file in self.files if file.kind == kind), None)


def load_manifest(folder: Path) -> Manifest:
    """Read `folder`'s manifest. Raises ModelError where there is none or it is not understood."""
    path = folder / MANIFEST_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{folder} is no model: {MANIFEST_FILE} cannot be read ({error}). Name a folder that "
            "`edge-agent model export` wrote."
        ) from error
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ModelError(
            f"{path}: {where}: {first['msg']}. {_GET_ANOTHER}install FOLDER`."
        ) from error


def read_verified(folder: Path, file: ModelFile) -> bytes:
    """Return a file's content, which is what the manifest says. Else raises ModelError.

    What is returned is what was verified: nobody can exchange the file in between.
    """
    path = folder / file.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror}. {_GET_ANOTHER}install FOLDER`."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise ModelError(
            f"{path} is not the file that {MANIFEST_FILE} describes: sha256 {found[:12]}…, "
            f"{len(content)} bytes; expected {file.sha256[:12]}…, {file.size} bytes. It is not "
            f"used. {_GET_ANOTHER}install FOLDER`."
        )
    return content


def describe_file(path: Path, kind: FileKind) -> ModelFile:
    """Return a file as a manifest describes it."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return ModelFile(kind=kind, name=path.name, size=len(content), sha256=digest)


def write_manifest(folder: Path, manifest: Manifest) -> Path:
    """Write a manifest into its folder."""
    path = folder / MANIFEST_FILE
    path.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return path


def without_products(manifest: Manifest, skus: Sequence[str]) -> tuple[str, ...]:
    """Tell which of these products the model does not know."""
    known = set(manifest.skus)
    return tuple(sku for sku in skus if sku not in known)


def model_name(text: str) -> str:
    """Turn any words into a model's name: small letters, digits, dots and dashes."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-.")[:64] or "model"
