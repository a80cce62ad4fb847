# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocks of the documentation that need a platform, as they stand there (tools/checks/doc_runs.py).

A page is one session of a shell on the controller. Before it, a prelude makes what the page speaks of, and says by what
its names are replaced: people by accounts of this test alone, a program of a host by ssh to that host.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.functional.modules.playbook import Ansible
from tests.functional.platform import ROOT, Account, Site
from tests.functional.ssh_door import Door, soon
from tools.checks._documents import run_by
from tools.checks.doc_runs import PLATFORM

pytestmark = pytest.mark.platform

PAGES = run_by(PLATFORM, ROOT)
SSH = "ssh -F ssh_config"
Names = dict[str, str]


@dataclass
class Stage:
    """The platform, a folder with inventory and ssh_config, and people of the pages with a project of the first."""

    site: Site
    ansible: Ansible
    people: dict[str, Account]

    @property
    def node(self) -> str:
        return self.ansible.node

    def project(self, **fields: object) -> None:
        """Make and start alice/p1."""
        self.people["alice"].project("p1", nodes=[self.node], **fields)


@pytest.fixture
def stage(site: Site, ansible: Ansible, tmp_path: Path) -> Stage:
    common = (
        "BatchMode yes\nIdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n"
    )
    hosts = "".join(
        f"Host {name}\nHostName {host['address']}\nUser admin\nIdentityFile {site.ssh_key}\n"
        for name, host in site.hosts.items()
    )
    key = (
        f"Host compute1.example.org\nHostName {site.hosts[ansible.node]['address']}\nIdentityFile {tmp_path / 'key'}\n"
    )
    (tmp_path / "ssh_config").write_text(f"{common}{hosts}{key}")
    return Stage(site, ansible, {name: site.new_account(name) for name in ("alice", "bob", "dave")})


def compute(stage: Stage) -> Names:
    """Alice has a key on her account page, and a project on the node."""
    alice, door = stage.people["alice"], Door(stage.site.hosts[stage.node]["address"], stage.ansible.folder)
    alice.call("POST", "/ssh-keys", {"name": "docs", "key": door.key("key")})
    stage.project()
    soon(lambda: door.opens(alice.name, "key"))
    return {"ssh": SSH}


def install(stage: Stage) -> Names:
    """The inventory of the platform in place of hosts.yml."""
    return {"sudo": f"{SSH} {stage.site.host_at(stage.site.server_url)} sudo", "hosts.yml": "inventory.json"}


def modules(stage: Stage) -> Names:
    """Passwords and a token as Ansible Vault would give them; nobody of that name is there yet."""
    tag = secrets.token_hex(3)
    names = {name: f"{name}{tag}" for name in ("alice", "bob", "physics")}
    vault = {"vault_passwords": {name: secrets.token_urlsafe(12) for name in names.values()}}
    (stage.ansible.folder / "group_vars").mkdir()
    (stage.ansible.folder / "group_vars" / "all.json").write_text(
        json.dumps({**vault, "vault_aen_token": stage.ansible.token})
    )
    return {
        **names,
        "inventories/mine": "inventory.json",
        "https://aen.example.org": stage.site.server_url,
        "AEN_TOKEN=...": f"AEN_TOKEN={stage.ansible.token}",
    }


def permissions(stage: Stage) -> Names:
    """Bob, of the team of a public project, has a file there that others may read; Dave has an account on the node."""
    alice, bob, dave = (stage.people[name] for name in ("alice", "bob", "dave"))
    stage.project(public=True)
    alice.call("PUT", f"/projects/{alice.name}/p1/members/{bob.name}", {"role": "member"})
    dave.project("own", nodes=[stage.node])
    data = f"/projects/{alice.name}/p1/data"
    as_bob = (
        f"runuser -u {bob.name} -- sh -c 'cd / && mkdir -p {data} && echo 1 > {data}/x.csv && chmod 644 {data}/x.csv'"
    )
    soon(lambda: stage.site.run(stage.node, f"{as_bob} && echo done", check=False) == "done")
    return {"wk-permissions": f"{SSH} {stage.node} sudo /opt/wakari/wakari-compute/bin/wk-permissions"}


PRELUDES: dict[str, Callable[[Stage], Names]] = {
    "docs/compute.md": compute,
    "docs/install.md": install,
    "docs/modules.md": modules,
    "docs/permissions.md": permissions,
}


def test_every_page_has_its_prelude() -> None:
    assert set(PAGES) == set(PRELUDES)


@pytest.mark.parametrize("name", PRELUDES)
def test_the_blocks_of_a_page(stage: Stage, name: str) -> None:
    people = {name: account.name for name, account in stage.people.items()}
    names = people | PRELUDES[name](stage)
    for block in PAGES[name]:
        text = replaced(block.text, names)
        if block.file:
            (stage.ansible.folder / block.file).write_text(text)
        elif block.tag == "sh":
            done = typed(stage, text)
            assert done.returncode == block.status, done.stdout + done.stderr
        else:
            for command, wanted in shown(text):
                done = typed(stage, command)
                assert done.returncode == block.status, done.stdout + done.stderr
                assert like(wanted).fullmatch(done.stdout), f"{wanted}\nis not like\n{done.stdout}"


def replaced(text: str, names: Names) -> str:
    """Return the text with each whole name replaced."""
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<![\w-])(?:{either})(?![\w-])", lambda found: names[found[0]], text)


def typed(stage: Stage, lines: str) -> subprocess.CompletedProcess[str]:
    """Type the lines into a shell: those behind one that opens a shell elsewhere go there."""
    environment = stage.ansible.environment
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-s"],
        input=lines,
        cwd=stage.ansible.folder,
        env=environment | {"PATH": f"{Path(sys.executable).parent}:{environment['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def shown(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console, and what it prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def like(output: str) -> re.Pattern[str]:
    """Return what an output of the same shape matches: numbers that stand alone differ from site to site."""
    return re.compile(re.sub(r"(?<![\w.])\d+(?![\w.])", r"\\d+", re.escape(output).replace(r"\ ", " ")))
