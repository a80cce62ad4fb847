# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule as a query keeps exactly the projects for which the rule as a function is true."""

from __future__ import annotations

import pytest

from tests.serverkit import Kit
from wakari.access import Action, Caller, SiteRole, has, query

PROJECT_ACTIONS = [action for action in Action if action.startswith("project.") and "create" not in action]


@pytest.fixture
def many(kit: Kit) -> Kit:
    kit.place()
    alice = kit.user("alice")
    bob, carol = kit.user("bob"), kit.user("carol")
    kit.user("dave")
    kit.user("erin")
    for public in (False, True):
        for number, role in enumerate(("", "viewer", "member")):
            project = kit.project(alice, f"p{number}{'x' if public else ''}", public=public)
            if role:
                project = kit.services.team.put(kit.caller(alice), project, "bob", role)
                # Somebody else with the other role: the query must look at one and the same entry.
                other = "member" if role == "viewer" else "viewer"
                kit.services.team.put(kit.caller(alice), project, "carol", other)
    kit.services.groups.add("makers", "", ["dave", "erin"], actor="test")
    kit.services.groups.add("readers", "", ["erin"], actor="test")
    for name, groups in {"p1": {"makers": "viewer"}, "p2": {"makers": "viewer", "readers": "member"}}.items():
        shared = kit.services.store.projects.get("alice", name)
        assert shared
        kit.services.team.replace(kit.caller(alice), shared, groups=groups)
    assert (bob.uid, carol.uid) == (20001, 20002)
    return kit


@pytest.mark.parametrize("action", PROJECT_ACTIONS)
def test_the_query_equals_the_rule(many: Kit, action: Action) -> None:
    store = many.services.store
    everything = store.projects.page({}, None, 100)
    assert len(everything) == 6
    callers = [Caller(), *(Caller(name, SiteRole.USER) for name in ("alice", "bob", "carol", "mallory"))]
    callers += [many.caller(user) for name in ("dave", "erin") if (user := store.users.get(name))]
    callers += [Caller("eve", SiteRole.STAFF), Caller("wakari", SiteRole.SUPERUSER)]
    for caller in callers:
        kept = {project.path for project in store.projects.page(query(caller, action), None, 100)}
        assert kept == {project.path for project in everything if has(caller, action, project)}, caller
