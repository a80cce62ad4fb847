# SPDX-License-Identifier: GPL-3.0-or-later
"""The helper's settings: from files that root alone can write, never from the request or the environment."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from pydantic import Field

from wakari.core.messages import Limits, UserName
from wakari.core.settings import Loaded, Settings, SettingsError, build, read_files
from wakari.helper import visitors

PREFIX = Path("/opt/wakari/wakari-compute")
SITE = Path("/etc/wakari")
# Of the launcher's files (docs/compute.md) the helper takes these keys alone; the launcher checks the others.
_SHARED = ("projectRoot", "MANAGE_ACCOUNTS", "ANON_USER", "WAKARI_SERVER", "CDN")


class HelperSettings(Settings):
    """Everything the helper knows of its host; docs/compute.md describes each key."""

    prefix: Path
    project_root: Path = Field(default=Path("/projects"), alias="projectRoot")
    manage_accounts: bool = Field(default=True, alias="MANAGE_ACCOUNTS", strict=True)
    anon_user: UserName = Field(default=visitors.DEFAULT, alias="ANON_USER")
    server: str = Field(default="", alias="WAKARI_SERVER")
    cdn: str = Field(default="", alias="CDN")
    service_account: str = "wakari"
    anaconda: Path = Path("/opt/wakari/anaconda")
    skeleton: Path = Path("lib/node_modules/wakari-compute-launcher/skeleton")
    apps_dir: Path = Path("etc/wakari/apps")
    home_root: Path = Path("/home")
    app_logs: Path = Path("/var/log/wakari/appLogs")
    run_dir: Path = Path("/run/wakari")
    state_dir: Path = Path("/var/lib/wakari")
    app_limits: Limits = Limits()

    @property
    def anonymous(self) -> str | None:
        """Return the account of people outside the team of a public project; None where it is switched off."""
        return visitors.account_named(self.anon_user)

    def below_prefix(self, path: Path) -> Path:
        """Return the path; a relative one starts at the prefix."""
        return self.prefix / path


def load(prefix: Path = PREFIX, site: Path = SITE) -> HelperSettings:
    """Return the settings of the host.

    Raises:
        SettingsError: a file has an unknown key or a wrong value, or somebody else than root could have written it.
    """
    shared = [site / "config.json", site / "compute-launcher-config.json"]
    shared += [prefix / "etc/wakari/config.json", prefix / "etc/wakari/wk-compute-launcher-config.json"]
    own = prefix / "etc/wakari/scripts/config.json"
    for path in [*shared, own]:
        if path.exists():
            require_root_only(path)
    common, scripts = read_files(shared), read_files([own])
    for key in (*_SHARED, "prefix"):
        if key in scripts.values:
            raise SettingsError(f"{own}: {key!r} does not belong here. Set it in {shared[-1]}, or leave it out.")
    values: dict[str, Any] = {key: common.values[key] for key in _SHARED if key in common.values}
    values |= scripts.values | {"prefix": str(prefix)}
    return build(HelperSettings, Loaded(values, common.origins | scripts.origins, common.files + scripts.files))


def require_root_only(path: Path) -> None:
    """Raise SettingsError where the file, its target or a folder above either can be written by others than root."""
    for one in dict.fromkeys([path, path.resolve()]):
        for part in [one, *one.parents]:
            status = part.lstat()
            writable = not stat.S_ISLNK(status.st_mode) and status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            if status.st_uid != 0 or writable:
                raise SettingsError(f"{part}: others than root can write it. Run: chown root {part}; chmod go-w {part}")
