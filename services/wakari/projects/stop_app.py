# SPDX-License-Identifier: GPL-3.0-or-later
"""An administrator stops one app of a person; the project and its other apps go on."""

from __future__ import annotations

from dataclasses import dataclass

from wakari.access import Action, Caller, require_site
from wakari.core.errors import AppError, UnavailableError
from wakari.core.http import Client
from wakari.core.messages import StopApp as Message
from wakari.core.messages import stopped_by
from wakari.core.settings import SettingsError
from wakari.projects.running import RunningApp
from wakari.projects.sites import Sites
from wakari.store import Store
from wakari.store.base import now
from wakari.store.reports import AppStopped

CALL = "/_wakari/v1/apps/stop"
PATIENCE = 60.0  # seconds; systemd kills what did not end after its own timeout


@dataclass(frozen=True)
class StopApp:
    """Tells the node, by way of its gateway."""

    store: Store
    sites: Sites

    def stop(self, caller: Caller, found: RunningApp, address: str = "") -> AppStopped:
        """Return what the person is told: on the project's page, until they open the app again.

        Nothing is wrong where the app ended by itself meanwhile.

        Raises:
            AppError: `forbidden`; what the node refuses; `data_center_gone` (409).
            UnavailableError: gateway or node cannot be reached.
        """
        require_site(caller, Action.APP_STOP)
        project, user, app = found.project, found.use.user, found.use.app
        message = Message(instance=found.id, node=found.node, requested_by=caller.name)
        place = self.store.data_centers.get(project.data_center)
        if place is None:
            raise AppError("data_center_gone", "The project's data center is not registered any more.", status=409)
        try:
            peer = self.sites.peer(place)
        except SettingsError as error:
            raise UnavailableError("secret_unreadable", str(error)) from error
        Client().call(peer, "POST", CALL, message.model_dump(mode="json"), timeout=PATIENCE)
        stopped = AppStopped(user=user, app=app, at=now(), reason=stopped_by(caller.name))
        self.store.uses.ended(project.id, found.node, stopped)
        self.store.audit.add("app.stop", caller.name, project.path, address, user=user, app=app, node=found.node)
        return stopped
