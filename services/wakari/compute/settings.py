# SPDX-License-Identifier: GPL-3.0-or-later
"""The launcher's settings: the four places of the specification in order; the last that sets a key wins."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from wakari.core.messages import NodeName, UserName
from wakari.core.settings import Loaded, Settings, SettingsError, build, read_files
from wakari.helper import visitors

PLACES = (
    Path("/etc/wakari/config.json"),
    Path("/etc/wakari/compute-launcher-config.json"),
    Path("compute-launcher-config.json"),
)
_MIN_KEY = 43  # characters of 256 bits in base64url


class ComputeSettings(Settings):
    """Everything the launcher knows of its node; docs/compute.md describes each key."""

    server: str = Field(default="", alias="WAKARI_SERVER")
    cdn: str = Field(default="", alias="CDN")
    manage_accounts: bool = Field(default=True, alias="MANAGE_ACCOUNTS", strict=True)
    anon_user: UserName = Field(default=visitors.DEFAULT, alias="ANON_USER")
    project_root: Path = Field(default=Path("/projects"), alias="projectRoot")
    prefix: Path = Path(sys.prefix)
    node_name: NodeName
    node_key_file: Path = Path("etc/wakari/node-key")
    gateway_client_id: str | None = None
    gateway_url: str | None = None
    socket: Path = Path("var/run/wk-compute.sock")
    apps_dir: Path = Path("etc/wakari/apps")
    run_dir: Path = Path("/run/wakari")
    app_logs: Path = Path("/var/log/wakari/appLogs")
    helper_command: tuple[str, ...] = ()
    # A node on which a whole course opens its notebooks at once is slow for minutes, not broken.
    app_start_timeout: float = Field(default=180.0, gt=0)
    job_timeout: float = Field(default=3600.0, gt=0)
    # What `wk-compute-monitor` uses; seconds, and cores of idle_cpu.
    monitor_dir: Path = Path("var/lib/monitor")
    local_socket: Path = Path("launcher/launcher.sock")  # below run_dir, in a folder of the service account's
    report_interval: float = Field(default=30.0, ge=1, le=3600)
    idle_timeout: float = Field(default=43200.0, ge=0, le=315360000)
    idle_warning: float = Field(default=1800.0, ge=0)
    idle_cpu: float = Field(default=0.05, gt=0)
    snooze_max: float = Field(default=86400.0, ge=0, le=31536000)
    # Where `wk-compute-search` answers; null where the node has no search.
    search_socket: Path | None = Path("/run/wakari-search/search.sock")
    processes: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=16, ge=1, le=512)

    @property
    def anonymous(self) -> str | None:
        """Return the account of people outside the team of a public project; None where it is switched off."""
        return visitors.account_named(self.anon_user)

    def below_prefix(self, path: Path) -> Path:
        """Return the path; a relative one starts at the prefix."""
        return self.prefix / path

    def helper(self) -> list[str]:
        """Return the command that runs the root helper."""
        return list(self.helper_command) or ["sudo", "-n", str(self.prefix / "bin/wk-root-helper")]

    def key(self) -> str:
        """Return the node's key; raise SettingsError where the file holds none of 256 bits."""
        path = self.below_prefix(self.node_key_file)
        try:
            key = path.read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise SettingsError(f"{path}: cannot be read ({error}). Run the playbook: it makes the key.") from error
        if len(key) < _MIN_KEY:
            raise SettingsError(
                f"{path}: no key of 256 bits. Remove the file and run the playbook: it makes a new one."
            )
        return key


@dataclass(frozen=True)
class Origins:
    """The settings, and for each key the file it came from."""

    settings: ComputeSettings
    loaded: Loaded

    def lines(self) -> list[str]:
        """Return one line a key: its name in the files, its value as JSON, and where the value came from."""
        values = self.settings.model_dump(mode="json", by_alias=True)
        origin = self.loaded.origins
        return [f"{key} = {_text(value)}  ({origin.get(key, 'default')})" for key, value in values.items()]


def load(explicit: Sequence[Path], places: Sequence[Path] = PLACES) -> Origins:
    """Return the settings of the usual places and of each `-c FILE`, in this order.

    Raises:
        SettingsError: a file of `-c` is missing, or a key is unknown, missing or of a wrong type.
    """
    loaded = read_files([*places, *explicit], required=explicit)
    return Origins(build(ComputeSettings, loaded), loaded)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
