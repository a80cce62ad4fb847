# SPDX-License-Identifier: GPL-3.0-or-later
"""A node whose monitor looks every two seconds, and apps of its own that are stopped after half a minute.

The node's timeout stays as it is: apps of other tests are not touched.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.functional.platform import Account, Site

PREFIX = "/opt/wakari/wakari-compute"
CONFIG = f"{PREFIX}/etc/wakari/wk-compute-launcher-config.json"
APPS = f"{PREFIX}/etc/wakari/apps"
# Each a Notebook of its own name: what differs is how a test uses it.
NAMES = ("idle-unused", "idle-prompt", "idle-cell", "idle-command", "idle-kept")
APP = NAMES[0]
INTERVAL, TIMEOUT, WARNING = 2, 30, 14
KEPT_OPEN = (
    60  # seconds for which the data plane keeps a connection to an app that answered: use, as the monitor sees it
)


@dataclass(frozen=True)
class Node:
    """The node, by its name in the site."""

    site: Site
    name: str

    def run(self, command: str, *, check: bool = True) -> str:
        return self.site.run(self.name, command, check=check)

    def supervise(self, verb: str) -> None:
        self.site.supervise(self.name, "compute", verb, "wk-compute-monitor")

    def apps(self, account: Account, *words: str) -> str:
        """Return what `wk-apps` says to the person, run as they would in a terminal; ends with its exit status."""
        return self.run(f"runuser -u {account.name} -- wk-apps {' '.join(words)} 2>&1; echo $?", check=False)

    def instance(self, account: Account, app: str = APP) -> str:
        told = json.loads(self.run(f"runuser -u {account.name} -- wk-apps --json list"))
        return next(str(one["instance"]) for one in told["apps"] if (one["user"], one["app"]) == (account.name, app))


@contextmanager
def quick(site: Site, name: str) -> Iterator[Node]:
    """Set the node's monitor to quick looks and offer the app, until the end of the block."""
    node = Node(site, name)
    change = (
        f"import json; p='{CONFIG}'; c=json.load(open(p)); "
        f"c.update(report_interval={INTERVAL}, idle_warning={WARNING}); open(p,'w').write(json.dumps(c)); "
        f"m=json.load(open('{APPS}/notebook.json')); "
        f"[open(f'{APPS}/{{n}}.json','w').write(json.dumps(m | dict(name=n, idle_timeout={TIMEOUT}))) for n in {NAMES}]"
    )
    node.run(f'cp -p {CONFIG} {CONFIG}.kept; {PREFIX}/bin/python -c "{change}"')
    try:
        node.supervise("restart")
        yield node
    finally:
        node.run(f"mv {CONFIG}.kept {CONFIG}; rm {APPS}/idle-*.json")
        node.supervise("restart")


def activity(account: Account, project: dict[str, Any]) -> dict[str, Any]:
    """Return what the project's one node said of the project last."""
    told = account.call("GET", f"/projects/{project['owner']}/{project['name']}/activity")
    return dict(told["nodes"][0])


def running(account: Account, project: dict[str, Any], app: str = APP) -> dict[str, Any] | None:
    """Return the account's app as the node told of it last; None where it does not run."""
    found = activity(account, project)["apps"]
    return next((one for one in found if (one["user"], one["app"]) == (account.name, app)), None)


def wait(good: Callable[[], Any], seconds: float = 60) -> Any:
    """Return what became true; fail where nothing did in time."""
    deadline = time.monotonic() + seconds
    while not (found := good()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(1)
    return found


def open_app(account: Account, address: str) -> None:
    """Open a Jupyter app; one that was stopped a moment ago answers 503 once, and is opened by that."""
    wait(lambda: account.session.get(address + "api/status", timeout=120).ok, 120)


def url(project: dict[str, Any], app: str) -> str:
    return str(project["urls"]["apps"]["notebook"]).replace("/notebook/", f"/{app}/")
