# SPDX-License-Identifier: GPL-3.0-or-later
"""Structured logs: one JSON object a line, with the request id that travels browser -> server -> gateway -> node."""

from __future__ import annotations

import contextvars
import json
import logging
import os
import re
import secrets
import sys
from datetime import UTC, datetime
from typing import Any

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
MAX_FIELD = 2000  # characters of one field in a log line (security rule 9: log fields bounded)
_current: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def request_id() -> str:
    """Return the id of the request this code runs for; `-` outside of any."""
    return _current.get()


def take_request_id(offered: str | None) -> str:
    """Make the offered id the current one where it is well-formed, a new one otherwise; return it."""
    chosen = offered if offered and REQUEST_ID.fullmatch(offered) else secrets.token_hex(8)
    _current.set(chosen)
    return chosen


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON line; whatever was passed as `extra` becomes a field."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:MAX_FIELD],
            "request_id": request_id(),
            "pid": record.process,
        }
        for key, value in vars(record).items():
            if key not in _STANDARD:
                line[key] = value if isinstance(value, int | float | bool | None) else str(value)[:MAX_FIELD]
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)[-4 * MAX_FIELD :]
        return json.dumps(line, ensure_ascii=True)


def configure(level: str = "INFO") -> None:
    """Send every logger of this process to standard error as JSON lines; supervisord puts them in the log file."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(os.environ.get("WAKARI_LOG_LEVEL", level))
