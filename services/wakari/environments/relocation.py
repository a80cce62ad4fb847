# SPDX-License-Identifier: GPL-3.0-or-later
"""Rewrites file content that names its prefix, for another prefix."""

from __future__ import annotations

import re

from wakari.environments.errors import EnvironmentsError

# Linux cut a first line after 127 bytes until 5.1 (execve(2)); portable scripts stay below.
SHEBANG_LIMIT = 127
# A shell reads the path between double quotes, and Python reads the same line as a string.
_NOT_IN_PATHS = re.compile(r"[\x00-\x1f\x7f\"'`$\\]")


def check_prefix(prefix: str) -> None:
    """Raise `bad_request` for a prefix that cannot be written into scripts safely."""
    if not prefix.startswith("/") or _NOT_IN_PATHS.search(prefix):
        raise EnvironmentsError(
            "bad_request",
            f"{prefix!r} cannot be the place of an environment.",
            hint="Use an absolute path without quotes, backslashes, dollar signs and control characters.",
        )


class Relocation:
    """The change from one prefix to another."""

    def __init__(self, source: str, destination: str) -> None:
        """Take two absolute paths without a final slash."""
        check_prefix(destination)
        self.source = source.encode()
        self.destination = destination.encode()
        # /opt/anaconda is not named by /opt/anaconda3, nor by /opt/anaconda.old.
        self._named = re.compile(re.escape(self.source) + rb"(?![\w-]|\.\w)")
        self._shebang = re.compile(rb"#![ \t]*" + re.escape(self.source) + rb"(/[^\s]+)[ \t]*([^\n]*)(\n|$)")

    def concerns(self, content: bytes) -> bool:
        """Whether `content` names the source prefix."""
        return self._named.search(content) is not None

    def text(self, content: bytes) -> bytes:
        """Return a text file for the new prefix; a first line that became too long starts through a shell."""
        first = self._shebang.match(content)
        if first is None:
            return self._substitute(content)
        program, arguments = self.destination + first[1], self._substitute(first[2]).strip()
        body = self._substitute(content[first.end() :])
        return shebang(program, arguments) + body

    def binary(self, content: bytes, placeholder_length: int) -> bytes:
        """Return a binary file of the same size for the new prefix.

        Each string that names the prefix was given as much room as the package's placeholder takes, filled with NUL.

        Raises:
            EnvironmentsError: the new prefix is longer than that room.
        """
        changed = bytearray()
        position = 0
        while found := self._named.search(content, position):
            end = content.find(b"\0", found.start())
            end = len(content) if end < 0 else end
            string = content[found.start() : end]
            new = self._substitute(string)
            spare = len(self._named.findall(string)) * (placeholder_length - len(self.source))
            stop = end + max(0, len(new) - len(string))
            if len(new) - len(string) > spare or content[end:stop].strip(b"\0") or stop > len(content):
                raise EnvironmentsError(
                    "prefix_too_long",
                    f"The path {self.destination.decode()} has {len(self.destination)} characters, more than the "
                    f"{placeholder_length} that a program of this environment has room for.",
                    hint="Use a shorter project or environment name.",
                )
            changed += content[position : found.start()] + new + b"\0" * (stop - found.start() - len(new))
            position = stop
        return bytes(changed + content[position:])

    def link(self, target: str) -> str:
        """Return where a symbolic link must lead; one that leads out of the prefix stays as it is."""
        source = self.source.decode()
        if target == source or target.startswith(source + "/"):
            return self.destination.decode() + target[len(source) :]
        return target

    def _substitute(self, content: bytes) -> bytes:
        # A function, because the destination is text, not a template.
        return self._named.sub(lambda _: self.destination, content)


def shebang(program: bytes, arguments: bytes) -> bytes:
    """Return the first line, or lines, that start `program` for a script."""
    line = b" ".join(filter(None, [b"#!" + program, arguments])) + b"\n"
    if len(line) <= SHEBANG_LIMIT + 1 and b" " not in program:
        return line
    name = program.rsplit(b"/", 1)[-1]
    if not name.startswith((b"python", b"pypy")):
        # Only Python reads the lines below as a string; others are found by the PATH of the environment.
        return b" ".join(filter(None, [b"#!/usr/bin/env", b"-S" if arguments else b"", name, arguments])) + b"\n"
    # A shell runs the second line; for Python both are one string literal without effect.
    words = b" ".join(filter(None, [b"'''exec' \"" + program + b'"', arguments, b'"$0" "$@"']))
    return b"#!/bin/sh\n" + words + b"\n' '''\n"
