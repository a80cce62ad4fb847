# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of ansible-playbook against the platform: tasks in, the result of each out."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.functional.platform import LOCAL, ROOT, Site

Task = dict[str, Any]


@dataclass
class Ansible:
    """Runs playbooks; `folder` holds what a run needs. Modules of the API run on the controller, others on the node."""

    site: Site
    folder: Path
    token: str
    node: str

    def __post_init__(self) -> None:
        here = {"ansible_connection": "local", "ansible_python_interpreter": str(ROOT / ".venv" / "bin" / "python")}
        addresses = {host["address"]: name for name, host in self.site.hosts.items()}
        gateways = {addresses[str(urlsplit(url).hostname)]: url for url in self.site.gateway_urls.values()}
        server = addresses[str(urlsplit(self.site.server_url).hostname)]
        hosts = {name: self._host(name) for name in self.site.hosts}
        hosts[server]["aen_server_url"] = self.site.server_url
        for name, url in gateways.items():
            hosts[name]["aen_gateway_url"] = url
        groups = {"aen_server": [server], "aen_gateway": list(gateways), "aen_compute": [self.node]}
        children = {group: {"hosts": {name: {} for name in names}} for group, names in groups.items()}
        inventory = {"all": {"hosts": {**hosts, "localhost": here}, "children": children}}
        # Not the checkout's: what its callbacks say would stand between the JSON.
        (self.folder / "ansible.cfg").write_text("[ssh_connection]\npipelining = true\n")
        (self.folder / "inventory.json").write_text(json.dumps(inventory))

    def _host(self, name: str) -> dict[str, str]:
        return {
            "ansible_host": self.site.hosts[name]["address"],
            "ansible_user": "admin",
            "ansible_ssh_private_key_file": self.site.ssh_key,
            "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
            "ansible_python_interpreter": "/usr/bin/python3",
        }

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a run, without a token."""
        return {
            **os.environ,
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible" / "collections"),
            "AEN_LOCAL_JSON": str(LOCAL),
        }

    def play(self, tasks: list[Task], *, hosts: str = "localhost", become: bool = False) -> dict[str, dict[str, Any]]:
        """Return the result of each task by its name; AssertionError where one failed that did not say `may_fail`."""
        play = {
            "hosts": hosts,
            "gather_facts": False,
            "become": become,
            "module_defaults": {"group/wakari.aen.platform": {"server_url": self.site.server_url}},
            "tasks": tasks,
        }
        (self.folder / "play.json").write_text(json.dumps([play]))
        done = self.run("play.json")
        assert done.stdout.lstrip().startswith("{"), done.stdout + done.stderr
        output = json.loads(done.stdout)
        failed = [
            f"{task['task']['name']}: {result.get('msg')}"
            for task in output["plays"][0]["tasks"]
            for result in task["hosts"].values()
            if (result.get("failed") or result.get("unreachable")) and not _may_fail(tasks, task["task"]["name"])
        ]
        assert not failed, failed
        return {
            task["task"]["name"]: next(iter(task["hosts"].values()))
            for task in output["plays"][0]["tasks"]
            if task["hosts"]
        }

    def collection(self, playbook: str, *arguments: str, token: bool = True) -> tuple[int, dict[str, Any]]:
        """Return exit status and output of one of the collection's own playbooks."""
        done = self.run(f"wakari.aen.{playbook}", *arguments, token=token)
        assert done.stdout.lstrip().startswith("{"), done.stdout + done.stderr
        return done.returncode, json.loads(done.stdout)

    def run(self, playbook: str, *arguments: str, token: bool = True) -> subprocess.CompletedProcess[str]:
        """Return what ansible-playbook said; the token is in its environment, not in its arguments."""
        return subprocess.run(
            [str(ROOT / ".venv/bin/ansible-playbook"), "-i", "inventory.json", playbook, *arguments],
            cwd=self.folder,
            env={
                **self.environment,
                "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
                "AEN_TOKEN": self.token if token else "",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )


def total(output: dict[str, Any], what: str) -> int:
    """Return how many tasks were changed, failures or unreachable, over all hosts."""
    return sum(stats[what] for stats in output["stats"].values())


def _may_fail(tasks: list[Task], name: str) -> bool:
    return any(task["name"] == name and task.get("ignore_errors") for task in tasks)


def step(name: str, module: str, arguments: dict[str, Any], *, check: bool = False, may_fail: bool = False) -> Task:
    """Return a task."""
    task: Task = {"name": name, f"wakari.aen.{module}": arguments, "check_mode": check, "diff": True}
    return {**task, "ignore_errors": True} if may_fail else task
