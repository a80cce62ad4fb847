# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/roles.md lists every variable of the roles as their argument specifications say.

`python -m tools.checks.role_docs` writes the lists anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

DOCUMENT = Path("docs") / "roles.md"
BEGIN = "<!-- variables: written by `python -m tools.checks.role_docs` -->"
END = "<!-- end of variables -->"
MARKUP = re.compile(r"\b[VOC]\(([^)]*)\)")
PLAYBOOK = "Set by the playbook"


def problems(root: Path) -> Iterator[str]:
    """Yield a sentence when the lists in docs/roles.md are not those of the argument specifications."""
    text = (root / DOCUMENT).read_text(encoding="utf-8")
    if renewed(text, root) != text:
        yield f"{DOCUMENT}: the lists of variables are old; run `python -m tools.checks.role_docs`"


def renewed(text: str, root: Path) -> str:
    """Return the document with new lists. Raises ValueError where it has no place for them."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT}: the lines {BEGIN!r} and {END!r} must be there")
    return f"{head}{BEGIN}\n{''.join(_role(path) for path in sorted((root / 'roles').iterdir()))}\n{END}{tail}"


def _role(path: Path) -> str:
    """Return a role's table: the variables that carry its name, and those of the whole collection at aen_common."""
    specification = yaml.safe_load((path / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options: dict[str, dict[str, Any]] = specification["argument_specs"]["main"]["options"]
    roles = {other.name for other in path.parent.iterdir()}
    own = {
        name: option for name, option in options.items() if _belongs(name, path.name, roles) and not _internal(option)
    }
    rows = "".join(f"| `{name}` | {_default(option)} | {_text(option)} |\n" for name, option in own.items())
    return f"\n### {path.name}\n\n| variable | default | meaning |\n| --- | --- | --- |\n{rows}"


def _belongs(name: str, role: str, roles: set[str]) -> bool:
    """Return whether a variable is told of at this role: its own, or at aen_common one that carries no role's name."""
    return name.startswith(f"{role}_") or (
        role == "aen_common" and not any(name.startswith(f"{other}_") for other in roles)
    )


def _internal(option: dict[str, Any]) -> bool:
    return PLAYBOOK in _text(option)


def _default(option: dict[str, Any]) -> str:
    if "default" in option:
        value = option["default"]
        return f"`{value!s}`".replace("|", "\\|") if value not in ("", [], {}) else "empty"
    return "**required**" if option.get("required") else "-"


def _text(option: dict[str, Any]) -> str:
    description = option["description"]
    lines = [description] if isinstance(description, str) else description
    text = MARKUP.sub(r"`\1`", " ".join(lines)).replace("|", "\\|")
    choices = option.get("choices")
    return f"{text} One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else text


def main() -> None:
    """Write the lists anew."""
    root = Path(__file__).resolve().parents[2]
    path = root / DOCUMENT
    path.write_text(renewed(path.read_text(encoding="utf-8"), root), encoding="utf-8")


if __name__ == "__main__":
    main()
