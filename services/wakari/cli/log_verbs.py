# SPDX-License-Identifier: GPL-3.0-or-later
"""What the verbs of wk-server-admin on the security log do: export it, and say whether it is whole."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wakari.cli.verbs import Result
from wakari.core.errors import AppError, BadInputError
from wakari.server.services import Services
from wakari.store.audit_chain import Entry, Head, verify


def verify_log(services: Services, arguments: argparse.Namespace) -> Result:
    """Return where the chain ends.

    Raises:
        AppError: `log_broken`, with the first entry that is wrong.
        BadInputError: the file or the noted entry cannot be read.
    """
    try:
        noted = Head.parse(arguments.expect) if arguments.expect else None
    except ValueError as error:
        raise BadInputError("expect_invalid", "--expect cannot be used.", hint=str(error)) from None
    if arguments.file:
        found = verify(_read(arguments.file), expected=noted)
    else:
        highest = services.store.audit.highest()  # before the entries: what is added meanwhile is no contradiction
        found = verify(services.store.audit.entries(), highest, noted)
    if found.problem:
        raise AppError(
            "log_broken",
            found.problem,
            hint="Keep the database as it is and compare with an export, a backup and the services' logs.",
        )
    return {
        "changed": False,
        "entries": found.entries,
        "before_the_chain": found.older,
        "head": str(found.head) if found.head else None,
    }


def export_log(services: Services, arguments: argparse.Namespace) -> Result:
    """Write all entries, one JSON object a line, and return how many; return nothing where they are printed.

    Raises:
        BadInputError: the file is there already or cannot be written.
    """
    if arguments.file == "-":
        for entry in services.store.audit.entries():
            sys.stdout.write(json.dumps(entry, default=str) + "\n")
        return {}
    count = 0
    try:
        number = os.open(arguments.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            for entry in services.store.audit.entries():
                file.write(json.dumps(entry, default=str) + "\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise BadInputError(
            "output_unusable",
            f"{arguments.file}: cannot be written ({error.strerror}).",
            hint="Name a file that is not there yet, in a folder that is.",
        ) from error
    return {"changed": True, "entries": count, "file": arguments.file}


def _read(file: str) -> Iterator[Entry]:
    try:
        with Path(file).open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                entry: Any = json.loads(line)
                if not isinstance(entry, dict):
                    raise BadInputError("file_invalid", f"{file}, line {number}: no entry of a security log.")
                yield entry
    except (OSError, ValueError) as error:
        raise BadInputError(
            "file_invalid", f"{file}: cannot be read.", hint="Name a file that export-log wrote."
        ) from error
