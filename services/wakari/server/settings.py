# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of wk-server, wakari-worker and wk-server-admin (docs/server.md, "Keys")."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from wakari.access import Level
from wakari.accounts.backends.settings import BackendSettings
from wakari.core.messages import AppName
from wakari.core.settings import Settings, SettingsError, build, read_files
from wakari.mail.settings import MailSettings

MIN_SECRET = 43  # characters: 256 bits in base64url
PLACEHOLDER = re.compile(r"change[-_ ]?me|secret|password|example|placeholder|x{8,}|(.)\1{15,}", re.IGNORECASE)


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError("use http:// or https:// and a host name")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("leave out everything behind the host name and port")
    return f"{parts.scheme}://{parts.netloc}".lower()


Origin = Annotated[str, AfterValidator(_origin)]


def _icon(value: str) -> str:
    known = sorted(path.stem for path in ICONS.glob("*.svg"))
    if value not in known:
        raise ValueError(f"there is no icon {value!r}; use one of {', '.join(known)}")
    return value


def _unlike(value: tuple[AppButton, ...]) -> tuple[AppButton, ...]:
    names = [app.name for app in value]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"named twice: {', '.join(twice)}")
    return value


ICONS = Path(__file__).parent / "static" / "vendor" / "bootstrap-icons"
Icon = Annotated[str, AfterValidator(_icon)]


class AppButton(Settings):
    """An app as a project page offers it to whoever has the level; the node's manifest decides who may open it."""

    name: AppName
    title: str = Field(min_length=1, max_length=60)
    summary: str = Field(default="", max_length=120)
    icon: Icon = "app"
    permission: Literal["read", "write", "admin"] = "write"

    def is_for(self, level: Level) -> bool:
        """Return whether somebody with this level on a project is offered the app."""
        return level >= Level[self.permission.upper()]


# What the roles' manifests offer on every node; roles/aen_server/defaults has the same list.
APPS = (
    AppButton(name="notebook", title="Notebook", summary="Notebooks, one in each tab", icon="journal-code"),
    AppButton(name="lab", title="Lab", summary="JupyterLab: notebooks, code and data", icon="columns"),
    AppButton(
        name="workbench", title="Workbench", summary="Files, editor and terminals in one page", icon="window-sidebar"
    ),
    AppButton(name="terminal", title="Terminal", summary="A shell in the project's environment", icon="terminal"),
    AppButton(name="viewer", title="Viewer", summary="Look at files, change nothing", icon="eye", permission="read"),
    AppButton(name="resources", title="Resources", summary="Environment and running apps", icon="gear"),
)


class ServerSettings(BackendSettings):
    """What the files say. `prefix` is not read from them: relative paths start there."""

    prefix: Path = Path(sys.prefix)
    url: Origin = Field(alias="WAKARI_SERVER")
    cdn: Origin | None = Field(default=None, alias="CDN")
    mongodb_uri_file: Path = Path("etc/wakari/mongodb-uri")
    mongodb_database: str = Field(default="wakari", pattern=r"^[A-Za-z0-9_-]{1,38}$")
    secret_key_file: Path = Path("etc/wakari/secret-key")
    socket: Path = Path("/run/wakari-server/wk-server.sock")
    processes: int = Field(default=4, ge=1, le=64)
    threads: int = Field(default=8, ge=1, le=256)
    worker_threads: int = Field(default=4, ge=1, le=64)
    health_interval: float = Field(default=15.0, ge=1.0, le=3600.0)
    session_lifetime: float = Field(default=7 * 86400.0, ge=60.0)
    session_idle: float = Field(default=12 * 3600.0, ge=60.0)
    permission_check_interval: float = Field(default=86400.0, ge=0)
    fleet_dir: Path | None = None
    fleet_ansible: Path = Path("/usr/bin/ansible-playbook")
    default_project_public: bool = False
    ssh_keys: bool = True
    mail: MailSettings | None = None
    apps: Annotated[tuple[AppButton, ...], AfterValidator(_unlike)] = APPS

    @property
    def secure(self) -> bool:
        """Return whether people reach the server over TLS."""
        return self.url.startswith("https://")

    @property
    def static_url(self) -> str:
        """Return the base URL of the static files: a path where the server itself has them."""
        return "/static" if self.cdn in {None, self.url} else f"{self.cdn}/static"

    def secret_key(self) -> str:
        """Return the server's secret.

        Raises:
            SettingsError: it is missing, too short or a placeholder.
        """
        path = self.prefix / self.secret_key_file
        secret = _one_line(path, "the server's secret key")
        if len(secret) < MIN_SECRET or PLACEHOLDER.search(secret):
            raise SettingsError(
                f"{path}: this is no secret key. Write 256 random bits or more into it: "
                "openssl rand -base64 48 | tr '+/' '-_'"
            )
        return secret

    def mongodb_uri(self) -> str:
        """Return the connection string; raise SettingsError where it is missing or a placeholder."""
        path = self.prefix / self.mongodb_uri_file
        uri = _one_line(path, "the MongoDB connection string")
        if not uri.startswith(("mongodb://", "mongodb+srv://")) or "change" in uri.lower():
            raise SettingsError(f"{path}: this is no MongoDB connection string. Write mongodb://user:password@host/...")
        return uri


def default_files(prefix: Path, *components: str) -> list[Path]:
    """Return the settings files of a prefix in the order they are read."""
    folder = prefix / "etc" / "wakari"
    return [folder / "config.json", *(folder / f"{component}-config.json" for component in components)]


def load(extra: Sequence[Path] = (), *components: str, prefix: Path | None = None) -> ServerSettings:
    """Return the settings from the prefix's files and then the extra ones, which must exist.

    Raises:
        SettingsError: a file or key is wrong; the message names it.
    """
    root = prefix or Path(sys.prefix)
    loaded = read_files([*default_files(root, *(components or ("wk-server",))), *extra], required=extra)
    loaded.values.setdefault("prefix", root)
    return build(ServerSettings, loaded)


def _one_line(path: Path, what: str) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"{path}: {what} cannot be read ({error.strerror}). The role aen_server writes it."
        ) from error
    if not text or "\n" in text:
        raise SettingsError(f"{path}: {what} is one line; this file has none or several.")
    return text
