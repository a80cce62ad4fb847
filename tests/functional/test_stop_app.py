# SPDX-License-Identifier: GPL-3.0-or-later
"""An administrator stops one app of a person on a running platform: it ends, the other goes on, the person is told."""

from __future__ import annotations

import time

import pytest

from tests.functional.monitored import INTERVAL, activity, open_app, quick, running, url, wait
from tests.functional.platform import Site

pytestmark = pytest.mark.platform
APP, OTHER = "idle-unused", "idle-kept"


def test_one_app_ends_the_other_goes_on_and_its_person_reads_who_did(site: Site) -> None:
    owner, admin = site.new_account("owner"), site.admin()
    project = owner.project("stopped-app")
    with quick(site, project["nodes"][0]) as node:
        for name in (APP, OTHER):
            open_app(owner, url(project, name))
        kept = node.apps(owner, "snooze", node.instance(owner, OTHER), "4h")
        assert kept.endswith("\n0"), kept
        wait(lambda: running(owner, project, APP) and running(owner, project, OTHER))
        listed = admin.call("GET", f"/running-apps?user={owner.name}&app={APP}")["items"]
        assert [one["project"] for one in listed] == [f"{owner.name}/stopped-app"]
        told = admin.call("POST", f"/running-apps/{listed[0]['id']}/stop")
        reason = f"stopped by {admin.name}, who administrates this site"
        assert told["reason"] == reason
        unit = node.run(f"systemctl is-active wakari-app-{listed[0]['id']}.service", check=False)
        assert unit.strip() != "active"
        assert running(owner, project, APP) is None
        # The node's own reports say it too, one after the other, and who stopped it.
        time.sleep(3 * INTERVAL)
        assert {one["app"]: one["reason"] for one in activity(owner, project)["stopped"]} == {APP: reason}
        assert running(owner, project, OTHER)
        assert admin.call("POST", f"/projects/{owner.name}/stopped-app/stop")["verb"] == "stop-project"
