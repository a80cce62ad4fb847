# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of ansible-playbook against the platform: tasks in, the result of each out."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
        host = {
            "ansible_host": self.site.hosts[self.node]["address"],
            "ansible_user": "admin",
            "ansible_ssh_private_key_file": self.site.ssh_key,
            "ansible_ssh_common_args": options,
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        here = {"ansible_connection": "local", "ansible_python_interpreter": str(ROOT / ".venv" / "bin" / "python")}
        inventory = {"all": {"hosts": {self.node: host, "localhost": here}}}
        # Not the checkout's: what its callbacks say would stand between the JSON.
        (self.folder / "ansible.cfg").write_text("[ssh_connection]\npipelining = true\n")
        (self.folder / "inventory.json").write_text(json.dumps(inventory))

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

    def run(
        self, playbook: str, *arguments: str, callback: str = "ansible.posix.json"
    ) -> subprocess.CompletedProcess[str]:
        """Return what ansible-playbook said; the token is in its environment, not in its arguments."""
        return subprocess.run(
            [str(ROOT / ".venv/bin/ansible-playbook"), "-i", "inventory.json", playbook, *arguments],
            cwd=self.folder,
            env={
                **os.environ,
                "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible" / "collections"),
                "ANSIBLE_STDOUT_CALLBACK": callback,
                "AEN_TOKEN": self.token,
                "AEN_LOCAL_JSON": str(LOCAL),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )


def _may_fail(tasks: list[Task], name: str) -> bool:
    return any(task["name"] == name and task.get("ignore_errors") for task in tasks)


def step(name: str, module: str, arguments: dict[str, Any], *, check: bool = False, may_fail: bool = False) -> Task:
    """Return a task."""
    task: Task = {"name": name, f"wakari.aen.{module}": arguments, "check_mode": check, "diff": True}
    return {**task, "ignore_errors": True} if may_fail else task
