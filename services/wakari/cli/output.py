# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of commands: for people aligned columns or one line a fact, for programs JSON; all of it or what is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from wakari.core.errors import BadInputError


def compiled(query: str | None) -> ParsedResult | None:
    """Return the JMESPath expression, ready to use; None for none.

    Raises:
        BadInputError: `query_invalid`; told before anything is done.
    """
    if query is None:
        return None
    try:
        return jmespath.compile(query)
    except JMESPathError as error:
        what = str(error).splitlines()[0]
        raise BadInputError(
            "query_invalid", f"The query is no JMESPath expression: {what}.", hint="jmespath.org says how to write one."
        ) from error


def shown(result: Any, *, as_json: bool, query: ParsedResult | None = None) -> str:  # noqa: ANN401 - JSON is anything
    """Return the result as text.

    Raises:
        BadInputError: `query_failed`: the query cannot be asked of this result.
    """
    told = json.loads(json.dumps(result, default=str))
    if query is not None:
        try:
            told = query.search(told)
        except JMESPathError as error:
            raise BadInputError("query_failed", f"The query failed: {str(error).splitlines()[0]}.") from error
    if as_json:
        return json.dumps(told)
    if isinstance(told, list) and all(isinstance(row, dict) for row in told):
        return table(told)
    if isinstance(told, list):
        return "\n".join(_text(one) for one in told) or "(none)"
    if isinstance(told, dict):
        # A secret alone, so that a script takes it as it is.
        return str(told["token"]) if "token" in told else lines(told)
    return _text(told)


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
    if isinstance(value, dict):
        return json.dumps(value)
    return "-" if value is None or value == "" else str(value)
