# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers as people read them, and lengths of time as they write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from wakari.core.errors import BadInputError

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


def size(count: float | None) -> str:
    """Return bytes as "512 MiB"; empty for None."""
    if count is None:
        return ""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024:  # noqa: PLR2004
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def length(seconds: float | None) -> str:
    """Return a time as "3 d", "12 h", "25 min" or "40 s"; empty for None."""
    if seconds is None:
        return ""
    for least, unit, of in ((172800, "d", 86400), (7200, "h", 3600), (120, "min", 60)):
        if seconds >= least:
            return f"{seconds / of:.0f} {unit}"
    return f"{seconds:.0f} s"


def cores(value: float | None) -> str:
    """Return use of the processor as "0.25"; empty for None."""
    return "" if value is None else f"{value:.2f}"


def moment(seconds: float) -> str:
    """Return a time of the epoch in UTC, to the minute."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def seconds_of(text: str) -> float:
    """Return the seconds of "90m", "8h" or "2d"; raise BadInputError for anything else."""
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*(s|m|min|h|d)\s*", text)
    if not found:
        raise BadInputError("time_invalid", f"{ascii(text)[:40]} is no length of time.", hint="Write 90m, 8h or 2d.")
    return float(int(found[1]) * _UNITS[found[2]])
