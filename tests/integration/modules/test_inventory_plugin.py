# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin, by the real ansible-inventory, against a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.integration.modules.conftest import ROOT, Live

CONFIG: dict[str, Any] = {
    "plugin": "wakari.aen.platform",
    "keyed_groups": [{"key": "wakari_data_center", "prefix": "dc"}],
    "compose": {"ansible_user": "'admin'"},
    "groups": {"usable": "wakari_drained is defined and not wakari_drained"},
}


def ask(live: Live, folder: Path, **changes: Any) -> tuple[int, Any]:
    """Return exit status, and the inventory or what was said."""
    file = folder / "site.aen.yml"
    file.write_text(yaml.safe_dump({**CONFIG, "server_url": live.url, **changes}))
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-inventory", "-i", file, "--list"],
        cwd=folder,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible" / "collections"),
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
            "AEN_TOKEN": live.token,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, json.loads(done.stdout) if done.returncode == 0 else done.stderr


def plain(value: Any) -> Any:
    """The value of a variable; what came from a server is marked as no template."""
    return value["__ansible_unsafe"] if isinstance(value, dict) else value


def test_hosts_come_grouped_with_what_the_server_knows(live: Live, tmp_path: Path) -> None:
    node = live.kit.services.store.nodes.get("east-2")
    assert node
    live.kit.services.sites.change_node(node, drained=True, actor="test")
    status, found = ask(live, tmp_path)
    assert status == 0, found
    members = {group: content.get("hosts", []) for group, content in found.items() if group != "_meta"}
    assert members["aen_server"] == members["aen_gateway"] == ["127.0.0.1"]
    assert members["aen_compute"] == ["east-1", "east-2"]
    assert members["data_center_east"] == ["127.0.0.1", "east-1", "east-2"]
    assert members["drained"] == ["east-2"]
    assert members["usable"] == ["east-1"]
    assert members["dc_east"] == ["127.0.0.1", "east-1", "east-2"]
    variables = found["_meta"]["hostvars"]["east-1"]
    assert [plain(variables[name]) for name in ("ansible_host", "ansible_user")] == ["east-1.test", "admin"]
    assert live.writes == []


def test_it_is_asked_once_while_the_cache_lasts(live: Live, tmp_path: Path) -> None:
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    first = ask(live, tmp_path, **cache)
    live.forget()
    assert ask(live, tmp_path, **cache) == first
    assert live.seen == []


def test_a_refusal_is_told(live: Live, tmp_path: Path) -> None:
    live.token = live.kit.token(live.kit.user("frank"))
    status, said = ask(live, tmp_path)
    assert status != 0
    assert "needs the role staff" in said
    live.token = ""
    status, said = ask(live, tmp_path)
    assert status != 0
    assert "AEN_TOKEN" in said
