# SPDX-License-Identifier: GPL-3.0-or-later
"""What Python code imports, uses and defines, by Python's own parser; line by line where that refuses the code."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

MOST = 5000  # names of each kind kept of one file
# IPython's own lines: magics, shell commands, help (ipython.readthedocs.io, "Built-in magic commands").
_IPYTHON = re.compile(r"^(\s*)(?:[%!?].*|.*\?)$")
_IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+import\b|import\s+([\w.]+(?:\s*,\s*[\w.]+)*))")
_DEFINE = re.compile(r"^\s*(?:async\s+)?(?:def|class)\s+(\w+)")


@dataclass
class Facts:
    """Names, each once, in the order they came. `aliases`: what a name of the code stands for."""

    imports: dict[str, None] = field(default_factory=dict)
    uses: dict[str, None] = field(default_factory=dict)
    defines: dict[str, None] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)


def read(source: str, facts: Facts) -> None:
    """Add what a piece of code says to the facts; aliases of earlier pieces hold."""
    if source.lstrip().startswith("%%") and not source.lstrip().startswith(("%%time", "%%capture", "%%prun")):
        return  # a cell of another language
    lines = [_IPYTHON.sub(r"\1pass", line) if line.lstrip()[:1] in {"%", "!", "?"} or line.endswith("?") else line
             for line in source.split("\n")]  # fmt: skip
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        _by_line(lines, facts)
        return
    nodes = list(ast.walk(tree))
    for node in nodes:
        _imports(node, facts)
    for node in nodes:
        _names(node, facts)


def _imports(node: ast.AST, facts: Facts) -> None:
    if isinstance(node, ast.Import):
        for name in node.names:
            _add(facts.imports, name.name)
            facts.aliases[name.asname or name.name.split(".")[0]] = (
                name.name if name.asname else name.name.split(".")[0]
            )
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        _add(facts.imports, module)
        for name in node.names:
            full = f"{module}.{name.name}"
            _add(facts.imports, full)
            facts.aliases[name.asname or name.name] = full


def _names(node: ast.AST, facts: Facts) -> None:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            _add(facts.defines, name)
        case ast.Name(id=name, ctx=ast.Store()):
            _add(facts.defines, name)
        case ast.Name(id=name, ctx=ast.Load()):
            _add(facts.uses, facts.aliases.get(name, name))
        case ast.Attribute():
            dotted = _dotted(node)
            if dotted:
                first, _, rest = dotted.partition(".")
                _add(facts.uses, f"{facts.aliases.get(first, first)}.{rest}")
            else:
                _add(facts.uses, node.attr)


def _dotted(node: ast.expr) -> str:
    """Return `a.b.c` of a chain that begins with a name; empty for another."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _by_line(lines: list[str], facts: Facts) -> None:
    for line in lines:
        found = _IMPORT.match(line)
        if found:
            for name in re.split(r"\s*,\s*", found[1] or found[2]):
                _add(facts.imports, name)
        defined = _DEFINE.match(line)
        if defined:
            _add(facts.defines, defined[1])


def _add(names: dict[str, None], name: str) -> None:
    if len(names) < MOST:
        names.setdefault(name)
