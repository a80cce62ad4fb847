# SPDX-License-Identifier: GPL-3.0-or-later
"""Two people with a running Notebook each on the same node: one keeps secrets, the other looks for them."""

from __future__ import annotations

import ast
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.functional.platform import Account, Kernel, Site
from wakari.core.messages import instance_of

PREFIX = "/opt/wakari/wakari-compute"

# What both kernels know: `look` returns the content of a file or folder, or the name of the error; `meet` connects.
TOOLS = """
import os, signal, socket, subprocess, sys, time
def look(path):
    try:
        return str(sorted(os.listdir(path))) if os.path.isdir(path) else open(path, errors="replace").read()
    except OSError as error:
        return type(error).__name__
def meet(path):
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        return "connected"
    except OSError as error:
        return type(error).__name__
def said(*command):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    return done.returncode, done.stdout + done.stderr
"""


@dataclass
class Tenant:
    """Somebody with a project, a Notebook and a kernel in it."""

    account: Account
    project: dict[str, Any]
    kernel: Kernel = field(init=False)

    def __post_init__(self) -> None:
        self.kernel = Kernel(self.account, self.notebook)
        self.kernel.run(TOOLS)

    @property
    def name(self) -> str:
        return self.account.name

    @property
    def notebook(self) -> str:
        return str(self.project["urls"]["apps"]["notebook"])

    @property
    def path(self) -> str:
        return f"/projects/{self.name}/{self.project['name']}"

    @property
    def log(self) -> str:
        return f"/var/log/wakari/appLogs/{self.name}/{self.project['name']}/{self.name}/notebook.log"

    @property
    def instance(self) -> str:
        return instance_of(self.name, self.project["name"], self.name, "notebook")

    @property
    def runtime(self) -> str:
        return f"/run/wakari/apps/{self.instance}"

    def value(self, expression: str) -> Any:
        """Return the value of an expression in the kernel."""
        return ast.literal_eval(self.kernel.run(f"print(ascii({expression}))"))

    def look(self, path: str) -> str:
        return str(self.value(f"look({path!r})"))


@dataclass
class Neighbours:
    """`keeper` has planted `secret` where people keep things; `thief` is on the same node."""

    site: Site
    keeper: Tenant
    thief: Tenant
    secret: str
    places: dict[str, str]
    pid: int

    @property
    def node(self) -> str:
        return str(self.keeper.project["nodes"][0])

    def settings(self) -> dict[str, Any]:
        return dict(json.loads(self.site.run(self.node, f"cat {PREFIX}/etc/wakari/scripts/config.json")))

    def as_thief(self, command: str) -> str:
        """Return what the command says and its exit status, run as the thief outside any app, as after a sign-in."""
        return self.site.run(self.node, f"runuser -u {self.thief.name} -- sh -c '{command}' 2>&1; echo status $?")


def settle(site: Site) -> Neighbours:
    """Return two neighbours, the one's secrets planted and seen to be there."""
    keeper_account, thief_account = site.new_account("keeper"), site.new_account("thief")
    keeper = Tenant(keeper_account, keeper_account.project("private"))
    at = {"data_center": keeper.project["data_center"], "nodes": keeper.project["nodes"]}
    thief = Tenant(thief_account, thief_account.project("near", **at))
    secret = secrets.token_hex(16)
    pid = keeper.value(f"subprocess.Popen(['sleep', '900'], env={{'PLANTED': {secret!r}}}).pid")
    home = keeper.value("os.path.expanduser('~')")
    places = {
        "project": f"{keeper.path}/secret.txt",
        "settings of Jupyter": f"{keeper.path}/.jupyter_{keeper.name}/secret.txt",
        "home": f"{home}/secret.txt",
        "temporary folder": "/tmp/secret.txt",
        "runtime folder": f"{keeper.runtime}/secret.txt",
        "log": keeper.log,
    }
    for path in places.values():
        keeper.kernel.run(
            f"os.makedirs(os.path.dirname({path!r}), exist_ok=True); open({path!r}, 'a').write({secret!r})"
        )
        assert secret in keeper.look(path), f"{path} was not planted"
    places["environment of a process"] = f"/proc/{pid}/environ"
    places["temporary folder, by a process"] = f"/proc/{pid}/root/tmp/secret.txt"
    for path in list(places.values())[-2:]:
        assert secret in keeper.look(path), f"{path} was not planted"
    return Neighbours(site, keeper, thief, secret, places, pid)


@contextmanager
def answering(tenant: Tenant) -> Iterator[list[float]]:
    """Ask the tenant's kernel over and over during the block; yield a list with the slowest answer in seconds."""
    slowest, done = [0.0], threading.Event()
    kernel = Kernel.attach(tenant.account, tenant.notebook, tenant.kernel.id)

    def ask() -> None:
        while not done.is_set():
            began = time.monotonic()
            assert kernel.run("1 + 1") == "2"
            slowest[0] = max(slowest[0], time.monotonic() - began)
            time.sleep(0.05)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield slowest
    finally:
        done.set()
        thread.join(70)
    assert not thread.is_alive(), "the neighbour's kernel does not answer"
    assert slowest[0] > 0


def close_kernels() -> None:
    """Close what the module's kernels held open."""
    while Kernel.opened:
        Kernel.opened.pop().close()
