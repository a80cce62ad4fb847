# SPDX-License-Identifier: GPL-3.0-or-later
"""The key `mail` of the server's settings (docs/accounts.md, "Mail")."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from wakari.accounts.accounts import EMAIL
from wakari.core.settings import Settings, SettingsError


def _address(value: str) -> str:
    if not EMAIL.fullmatch(value):
        raise ValueError("use an address of the form name@host")
    return value


class MailSettings(Settings):
    """How mail is sent. `timeout` is in seconds, of one step of a connection."""

    server: str = Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: Path | None = None
    sender: Annotated[str, AfterValidator(_address)]
    username: str = Field(default="", max_length=254)
    password_file: Path | None = None
    timeout: float = Field(default=20.0, ge=1.0, le=300.0)

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.username) != (self.password_file is not None):
            raise ValueError("username and password_file belong together: give both, or none")
        if self.username and self.security == "none":
            raise ValueError("a password is not sent without TLS: use starttls or tls")
        return self

    def password(self, prefix: Path) -> str:
        """Return the password, the first line of the file; empty where none is needed.

        Raises:
            SettingsError: the file cannot be read or is empty.
        """
        if self.password_file is None:
            return ""
        path = prefix / self.password_file
        try:
            text = path.read_text(encoding="utf-8").split("\n", 1)[0].strip()
        except OSError as error:
            raise SettingsError(f"{path}: the mail server's password cannot be read ({error.strerror}).") from error
        if not text:
            raise SettingsError(f"{path}: the first line must be the mail server's password; it is empty.")
        return text
