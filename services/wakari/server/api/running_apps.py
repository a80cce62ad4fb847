# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/running-apps: what runs on all nodes."""

from __future__ import annotations

from wakari.access import Action, Caller, require_site
from wakari.projects.running import RunningApp, find, running_apps
from wakari.server import who
from wakari.server.api.activity import AppOut, StoppedOut
from wakari.server.api.routing import Page, Window, page_of_all
from wakari.server.api.table import TABLE
from wakari.server.services import services


class RunningAppOut(AppOut):
    """A running app of anybody. `id` is that of the instance, which its node's units carry too."""

    id: str
    project: str
    node: str

    @classmethod
    def shown(cls, found: RunningApp) -> RunningAppOut:
        """Return the app as the API shows it."""
        places = {"id": found.id, "project": found.project.path, "node": found.node}
        return cls.model_validate(found.use.model_dump() | places)


@TABLE.add(
    "GET",
    "/running-apps",
    "List the apps that run on all nodes, as the nodes reported last",
    action=Action.APP_READ_ALL,
    answer=RunningAppOut,
    paged=True,
    filters=("node", "user", "app"),
)
def index(caller: Caller, window: Window, filters: dict[str, str]) -> Page[RunningAppOut]:
    """Return apps, by project and node."""
    require_site(caller, Action.APP_READ_ALL)
    found = [RunningAppOut.shown(one) for one in running_apps(services().store)]
    kept = [one for one in found if all(getattr(one, name) == value for name, value in filters.items())]
    return page_of_all(kept, window, lambda one: f"{one.id}/{one.node}", lambda one: one)


@TABLE.add(
    "POST",
    "/running-apps/{app}/stop",
    "Stop one app of a person, who is told",
    action=Action.APP_STOP,
    answer=StoppedOut,
    errors=(404, 409),
)
def stop(caller: Caller, app: str) -> StoppedOut:
    """Return what the person is told. Takes as long as the app does to end, a minute at most."""
    require_site(caller, Action.APP_STOP)
    found = find(services().store, app)
    stopped = services().stop_app.stop(caller, found, who.address())
    return StoppedOut.model_validate(stopped.model_dump())
