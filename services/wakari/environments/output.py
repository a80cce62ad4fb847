# SPDX-License-Identifier: GPL-3.0-or-later
"""What wk-environment says: the answer on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass

from wakari.environments.errors import EnvironmentsError


@dataclass(frozen=True)
class Output:
    """How to answer."""

    as_json: bool

    def answer(self, facts: dict[str, object], text: str) -> None:
        """Write the facts as JSON, or the text."""
        sys.stdout.write((json.dumps(facts) if self.as_json else text) + "\n")
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """Write a line for the person, control characters taken out: it may hold names that others chose."""
        shown = "".join(character if character.isprintable() else "?" for character in text)
        sys.stderr.write(f"wk-environment: {shown}\n")
        sys.stderr.flush()

    def fail(self, error: EnvironmentsError) -> None:
        """Say what is wrong and what to do."""
        self.say(f"{error.message} {error.hint}".strip())
        if self.as_json:
            self.answer(error.body(""), "")


class Progress:
    """Says how many files are done, once a second and at the end."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._shown = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Take the number of files that are done, and of all."""
        if time.monotonic() - self._shown >= 1 or done == total:
            self._shown = time.monotonic()
            self._output.say(f"{done}/{total} files")
