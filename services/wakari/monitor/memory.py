# SPDX-License-Identifier: GPL-3.0-or-later
"""What the monitor remembers in `var/lib/monitor`: a small file an app and kind, written whole or not at all."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

log = logging.getLogger(__name__)
R = TypeVar("R", bound=BaseModel)


class Memory:
    """Files of one kind of record, by instance."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, kind: type[R], instance: str) -> R | None:
        """Return the record; None where there is none or it cannot be read, which is logged."""
        path = self._folder / f"{instance}.json"
        try:
            return kind.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            log.warning("record dropped", extra={"file": str(path), "why": type(error).__name__})
            return None

    def put(self, instance: str, record: BaseModel) -> None:
        """Write the record. Raises OSError where the disk does not take it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._folder / f".{instance}.{os.getpid()}"
        temporary.write_text(record.model_dump_json(), encoding="utf-8")
        temporary.replace(self._folder / f"{instance}.json")

    def instances(self) -> list[str]:
        """Return the instances that have a record."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def forget(self, instances: Iterable[str]) -> None:
        """Drop the records of these instances."""
        for instance in instances:
            (self._folder / f"{instance}.json").unlink(missing_ok=True)
