"""What every table of `shelf.toml` is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A table of the settings: unknown keys are errors, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid")
