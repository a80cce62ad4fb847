# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands in blocks tagged `sh` are there: targets, playbooks, modules of tools, programs of the services.

A block without commands to type has another tag, or none.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.checks._documents import blocks, pages

# What every Debian, or Ansible, brings.
ORDINARY = frozenset({"ansible-doc", "ansible-galaxy", "cat", "sha256sum", "ssh", "tar", "grep"})
_TARGET = re.compile(r"^([a-z-]+):(?!=)", re.MULTILINE)


def problems(root: Path) -> Iterator[str]:
    """Yield a sentence for each command of the documentation that does not exist."""
    product = _Product.of(root)
    for page in pages(root):
        for block in blocks(page.read_text(encoding="utf-8")):
            if block.tag == "sh":
                for line in _commands(block.text):
                    if why := product.refuses(line):
                        yield f"{page.relative_to(root)}: {line!r}: {why}"


def _commands(text: str) -> Iterator[str]:
    """Yield each command line of a block, without comments, with continued lines as one."""
    for line in text.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield shlex.join(words)


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

    def refuses(self, line: str) -> str:
        """Return why a command line cannot be right, "" where it can."""
        words = [word for word in shlex.split(line) if not re.fullmatch(r"[A-Z_]+=.*", word)]
        program, *rest = words[1:] if words[0] == "sudo" else words
        if program == "make":
            unknown = [word for word in rest if not word.startswith("-") and word not in self.targets]
            return f"the Makefile has no target {unknown[0]}" if unknown else ""
        if program in ("ansible-playbook", "ansible-inventory"):
            return self._playbook(rest) if program == "ansible-playbook" else ""
        if program in ("python", "python3") and rest[:1] == ["-m"]:
            path = self.root / rest[1].replace(".", "/")
            return "" if path.is_dir() or path.with_suffix(".py").is_file() else f"there is no module {rest[1]}"
        if Path(program).name in self.scripts | ORDINARY:
            return ""
        return f"{program} is no program of the product: correct it, or give the block another tag than sh"

    def _playbook(self, rest: list[str]) -> str:
        named = rest[0] if rest else ""
        path = f"playbooks/{named.removeprefix('wakari.aen.')}.yml" if named.startswith("wakari.aen.") else named
        return "" if named and (self.root / path).is_file() else f"there is no playbook {named}"
