# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines on standard output: progress while a verb runs, then the result or the error (docs/protocols.md)."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from wakari.core.messages import Progress, Step


class Output:
    """Writes NDJSON. A reader that went away does not stop the work: it would leave it half done for nothing."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream: BinaryIO | None = stream

    def progress(self, step: Step, message: str, fraction: float | None = None) -> None:
        """Write one line of progress."""
        self.line(Progress(step=step, message=message[:500], fraction=fraction).model_dump())

    def line(self, content: dict[str, Any]) -> None:
        """Write one JSON object."""
        if self._stream is None:
            return
        try:
            self._stream.write(json.dumps(content, ensure_ascii=True).encode() + b"\n")
            self._stream.flush()
        except OSError:
            self._stream = None
