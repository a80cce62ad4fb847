# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands in blocks tagged `sh` or `console` are there: targets, playbooks, modules, programs of the services.

A block without commands to type has another tag, or none.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.checks._documents import COMMANDS, blocks, pages

# What every Debian, or Ansible, brings.
ORDINARY = frozenset(
    {"ansible-doc", "ansible-galaxy", "ansible-inventory", "cat", "cd", "mkdir", "sha256sum", "ssh", "tar", "grep"}
)
_TARGET = re.compile(r"^([a-z-]+):(?!=)", re.MULTILINE)


def problems(root: Path) -> Iterator[str]:
    """Yield a sentence for each command of the documentation that does not exist."""
    product = _Product.of(root)
    for page in pages(root):
        on_page = list(blocks(page.read_text(encoding="utf-8")))
        written = {block.file for block in on_page}
        for block in on_page:
            for words in block.commands() if block.tag in COMMANDS else ():
                if why := product.refuses(words, written):
                    yield f"{page.relative_to(root)}: {shlex.join(words)!r}: {why}"


def called(words: list[str]) -> list[str]:
    """Return program and arguments, without variables of the environment, sudo, and the program's folder."""
    program, *rest = [word for word in words if not re.fullmatch(r"[A-Z_]+=.*", word) and word != "sudo"]
    return [Path(program).name, *rest]


@dataclass(frozen=True)
class _Product:
    """What there is to be called."""

    root: Path
    targets: frozenset[str]
    scripts: frozenset[str]

    @classmethod
    def of(cls, root: Path) -> _Product:
        makefile = (root / "Makefile").read_text(encoding="utf-8")
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return cls(root, frozenset(_TARGET.findall(makefile)), frozenset(project["scripts"]))

    def refuses(self, words: list[str], written: Collection[str]) -> str:
        """Return why a command cannot be right, "" where it can. `written` are the files that its page shows."""
        program, *rest = called(words)
        if program == "make":
            unknown = [word for word in rest if not word.startswith("-") and word not in self.targets]
            return f"the Makefile has no target {unknown[0]}" if unknown else ""
        if program == "ansible-playbook":
            return "" if rest and rest[0] in written else self._playbook(rest)
        if program in ("python", "python3") and rest[:1] == ["-m"]:
            path = self.root / rest[1].replace(".", "/")
            return "" if path.is_dir() or path.with_suffix(".py").is_file() else f"there is no module {rest[1]}"
        if program in self.scripts | ORDINARY:
            return ""
        return f"{program} is no program of the product: correct it, or give the block another tag than sh"

    def _playbook(self, rest: list[str]) -> str:
        named = rest[0] if rest else ""
        path = f"playbooks/{named.removeprefix('wakari.aen.')}.yml" if named.startswith("wakari.aen.") else named
        return "" if named and (self.root / path).is_file() else f"there is no playbook {named}"
