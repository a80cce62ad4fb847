# SPDX-License-Identifier: GPL-3.0-or-later
"""Results for people: aligned columns, or one line a fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows of equal keys as aligned columns with a head line; `(none)` for no rows."""
    if not rows:
        return "(none)"
    head = list(rows[0])
    cells = [head, *([_text(row[key]) for key in head] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def lines(facts: Mapping[str, object]) -> str:
    """Return one line a fact. A secret or a result alone on its line can be cut out by a script."""
    return "\n".join(f"{key}: {_text(value)}" for key, value in facts.items())


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or "-"
    return "-" if value in {None, ""} else str(value)
