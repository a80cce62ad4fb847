# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/inventory.md names every variable that an administrator must set, and no variable that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from plugins.module_utils._inventory import TIERS
from plugins.module_utils._inventory_needs import NEEDS
from plugins.plugin_utils._role_variables import known

PAGE = Path("docs") / "inventory.md"
VARIABLE = re.compile(r"(?<![A-Za-z_])aen_\w+")


def problems(root: Path) -> Iterator[str]:
    """Yield a sentence for each variable that the page lacks or that no role has."""
    variables = known(root)
    roles = {path.name for path in (root / "roles").iterdir()}
    named = set(VARIABLE.findall((root / PAGE).read_text(encoding="utf-8")))
    must = {name for name, option in variables.options.items() if option.required}
    must |= {name for _, _, needed in NEEDS for name in needed}
    yield from (f"{PAGE}: tell of {name}, which must be set" for name in sorted(must - named))
    for name in sorted(named - set(variables.options) - roles - set(TIERS)):
        yield f"{PAGE}: correct or remove {name}, which no role has"
