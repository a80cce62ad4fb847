# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry of a project's team, and the whole team as a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._client import Client, Json, segment
from ._entity import CannotError
from ._kinds import roles_by


def project_path(project: str) -> str:
    """Return the address of a project; raise CannotError for anything but owner/name."""
    owner, slash, name = project.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise CannotError(f"{project!r} is not a project. Give owner and name, as alice/climate.")
    return f"/projects/{segment(owner)}/{segment(name)}"


def change_member(client: Client, wanted: Mapping[str, Any]) -> Json:
    """Return what a module answers after it put one person or group into a team, or took it out."""
    path = project_path(wanted["project"])
    item = client.get(path)
    kind = "user" if wanted["user"] else "group"
    before = roles_by(kind, item[f"{'member' if kind == 'user' else 'group'}s"])
    name = wanted[kind]
    after = {other: role for other, role in before.items() if other != name}
    if wanted["state"] == "present":
        after = dict(sorted({**after, name: wanted["role"]}.items()))
    changed = after != before
    if changed and not client.read_only:
        address = f"{path}/{'members' if kind == 'user' else 'groups'}/{segment(name)}"
        if wanted["state"] == "present":
            item = client.write("PUT", address, {"role": wanted["role"]})
        else:
            item = client.write("DELETE", address)
    return {
        "changed": changed,
        "members": item["members"],
        "groups": item["groups"],
        "diff": {"before": before, "after": after},
    }


def list_team(client: Client, project: str, *, resolve: bool) -> list[Json]:
    """Return owner, people and groups of a team; with `resolve` those in the groups too."""
    item = client.get(project_path(project))
    team: list[Json] = [{"user": item["owner"], "group": None, "role": "owner"}]
    team += [{"user": entry["user"], "group": None, "role": entry["role"]} for entry in item["members"]]
    for entry in item["groups"]:
        team.append({"user": None, "group": entry["group"], "role": entry["role"]})
        if resolve:
            people = client.get(f"/groups/{segment(entry['group'])}")["members"]
            team += [{"user": user, "group": entry["group"], "role": entry["role"]} for user in people]
    return team
