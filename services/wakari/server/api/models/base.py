# SPDX-License-Identifier: GPL-3.0-or-later
"""What all bodies and answers of the API share: unknown keys of a body are refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(max_length=64)]


class In(BaseModel):
    """Base of all bodies a client sends."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Out(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)
