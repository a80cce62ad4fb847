# SPDX-License-Identifier: GPL-3.0-or-later
"""What each Flask application of the platform shares: request ids, the error shape, signed requests, serving."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, jsonify, request
from gunicorn.app.base import BaseApplication
from werkzeug.exceptions import HTTPException

from wakari.core import logs, tokens
from wakari.core.errors import AppError

log = logging.getLogger(__name__)


def prepare(app: Flask) -> Flask:
    """Give the application request ids and JSON errors; return it. An unknown exception's text never leaves it."""

    @app.before_request
    def _begin() -> None:
        g.request_id = logs.take_request_id(request.headers.get("X-Request-Id"))

    @app.after_request
    def _end(response: Response) -> Response:
        response.headers["X-Request-Id"] = logs.request_id()
        return response

    app.register_error_handler(AppError, error_response)
    app.register_error_handler(HTTPException, http_error_response)
    app.register_error_handler(Exception, unknown_error_response)
    return app


def error_response(error: AppError) -> tuple[Response, int]:
    """Return an AppError as JSON."""
    return jsonify(error.body(logs.request_id())), error.status


def http_error_response(error: HTTPException) -> tuple[Response, int]:
    """Return an error of the framework (404, 405, 413, ...) in our shape."""
    status = error.code or 500
    code = (error.name or "error").lower().replace(" ", "_")
    return error_response(AppError(code, error.description or error.name, status=status))


def unknown_error_response(error: Exception) -> tuple[Response, int]:
    """Log an unexpected exception and return 500 without its text."""
    log.error("unexpected error", exc_info=error, extra={"path": request.path, "method": request.method})
    return error_response(
        AppError(
            "internal_error",
            "Something went wrong on our side.",
            hint="Try again; if it happens again, tell an administrator the request id.",
            status=500,
        )
    )


def bearer() -> str:
    """Return the bearer token of the current request; empty where there is none."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def require_signed(key_of: Callable[[str], str | None], audience: str) -> str:
    """Return the issuer of the current request, which must be signed with that issuer's key for this audience.

    Raises:
        AppError: `token_invalid` (401).
    """
    token = bearer()
    issuer = tokens.unverified_issuer(token)
    key = key_of(issuer) if issuer else None
    if key is None:
        raise AppError(
            "token_invalid",
            "This address answers the platform's own services only.",
            hint="Check that the caller is registered and holds the current key.",
            status=401,
        )
    tokens.verify(key, token, audience, issuer)
    return issuer


def ndjson(lines: Iterable[dict[str, Any]]) -> Response:
    """Return a streamed answer of one JSON object a line; an AppError raised on the way becomes the last line."""
    request_id = logs.request_id()

    def produce() -> Iterator[str]:
        logs.take_request_id(request_id)
        try:
            for line in lines:
                yield _line(line)
        except AppError as error:
            yield _line(error.body(request_id))
        except Exception:
            log.exception("unexpected error in a stream")
            yield _line(AppError("internal_error", "Something went wrong on our side.", status=500).body(request_id))

    return Response(produce(), mimetype="application/x-ndjson", headers={"X-Accel-Buffering": "no"})


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content) + "\n"


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured by code: no settings file of its own."""

    def __init__(self, factory: Callable[[], Flask], options: dict[str, Any]) -> None:
        self.factory = factory
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        """Take the options given at construction."""
        for key, value in self.options.items():
            self.cfg.set(key, value)

    def load(self) -> Flask:
        """Return the application; called in each worker, after the fork."""
        return self.factory()


def serve(
    factory: Callable[[], Flask], socket: Path | int, *, workers: int, threads: int, socket_mode: int = 0o660
) -> None:
    """Serve the application on a Unix socket until SIGTERM: `workers` processes, `threads` requests at once in each.

    `socket` is the path to listen at, or the descriptor of a socket that is bound already, which is left as it is.
    """
    options = {
        "bind": f"fd://{socket}" if isinstance(socket, int) else f"unix:{socket}",
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "umask": 0o777 & ~socket_mode,
        "timeout": 120,
        "graceful_timeout": 20,
        "keepalive": 75,
        "accesslog": None,
        "logconfig_dict": _GUNICORN_LOGS,
        "forwarded_allow_ips": "*",  # a Unix socket: only our own NGINX connects
        "control_socket_disable": True,
    }
    Server(factory, options).run()


# gunicorn's own loggers write through the root logger, hence as JSON lines.
_GUNICORN_LOGS: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "wakari.core.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        "gunicorn.access": {"level": "WARNING", "handlers": [], "propagate": True},
    },
}
