# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error shape of the platform: code, message, what to do, request id."""

from __future__ import annotations

from typing import Any


class AppError(Exception):
    """A refusal or failure whose reason may be told to the person who asked.

    Attributes:
        code: machine-readable, snake_case, stable.
        message: one sentence, what is wrong.
        hint: one sentence, what to do; empty where nothing can be done.
        status: the HTTP status that fits.
        detail: further JSON-able facts, for instance the last lines of a log.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        status: int = 400,
        detail: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status
        self.detail = detail or {}

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the JSON body of this error, see docs/protocols.md, "Errors"."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "request_id": request_id,
        }
        if self.detail:
            error["detail"] = self.detail
        return {"error": error}

    @classmethod
    def from_body(cls, body: object, status: int) -> AppError:
        """Return the error that another tier sent; `bad_answer` where the body is not of the shape."""
        error = body.get("error") if isinstance(body, dict) else None
        if not isinstance(error, dict) or not isinstance(error.get("code"), str):
            return cls("bad_answer", f"The other side answered {status} without saying why.", status=502)
        detail = error.get("detail")
        return cls(
            error["code"],
            str(error.get("message", "")),
            hint=str(error.get("hint", "")),
            status=status,
            detail=detail if isinstance(detail, dict) else None,
        )


class BadInputError(AppError):
    """Input that breaks a rule; HTTP 422."""

    def __init__(self, code: str, message: str, *, hint: str = "", detail: dict[str, Any] | None = None) -> None:
        super().__init__(code, message, hint=hint, status=422, detail=detail)


class UnavailableError(AppError):
    """A part of the platform that cannot be reached; HTTP 503."""

    def __init__(self, code: str, message: str, *, hint: str = "", detail: dict[str, Any] | None = None) -> None:
        super().__init__(code, message, hint=hint, status=503, detail=detail)
