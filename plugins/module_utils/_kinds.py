# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, groups and projects: the kinds that come in thousands."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ._client import Client, Json, segment
from ._entity import CannotError, Found, Kind, differing, overlaid

POLL = 0.5  # seconds between two looks at a task


class Users(Kind):
    """Accounts."""

    noun = "user"

    def label(self, wanted: Mapping[str, Any]) -> str:
        """Return the user name."""
        return str(wanted["name"])

    def path(self, wanted: Mapping[str, Any], found: Found | None) -> str:
        """Return the address."""
        del found
        return f"/users/{segment(wanted['name'])}"

    def shown(self, item: Json) -> Json:
        """Return the fields that the module manages."""
        return {**{name: item[name] for name in ("name", "full_name", "email")}, "roles": sorted(item["roles"])}

    def target(self, wanted: Mapping[str, Any], before: Json | None) -> Json:
        """Return how the account shall be."""
        target = overlaid(before, {"name": wanted["name"], "full_name": "", "email": "", "roles": []}, wanted)
        return {**target, "roles": sorted(set(target["roles"]))}

    def creation(self, client: Client, wanted: Mapping[str, Any], target: Json) -> tuple[str, Json]:
        """Return how it is created; a new account needs a password."""
        del client
        if not wanted.get("initial_password"):
            raise CannotError(f"There is no user {wanted['name']}. Give initial_password to create the account.")
        return "/users", {**target, "password": wanted["initial_password"]}

    def patch(self, wanted: Mapping[str, Any], before: Json, target: Json) -> Json:
        """Return what differs."""
        del wanted
        return differing(before, target)

    def forced(self, wanted: Mapping[str, Any]) -> Json:
        """Return the password where it shall be set each time."""
        again = wanted.get("update_password") == "always" and wanted.get("initial_password")
        return {"password": wanted["initial_password"]} if again else {}


class Groups(Kind):
    """Groups of users."""

    noun = "group"

    def label(self, wanted: Mapping[str, Any]) -> str:
        """Return the group's name."""
        return str(wanted["name"])

    def path(self, wanted: Mapping[str, Any], found: Found | None) -> str:
        """Return the address."""
        del found
        return f"/groups/{segment(wanted['name'])}"

    def shown(self, item: Json) -> Json:
        """Return the fields that the module manages."""
        return {"name": item["name"], "summary": item["summary"], "members": sorted(item["members"])}

    def target(self, wanted: Mapping[str, Any], before: Json | None) -> Json:
        """Return how the group shall be; with `append` nobody leaves it."""
        target = overlaid(before, {"name": wanted["name"], "summary": "", "members": []}, wanted)
        kept = before["members"] if before and wanted.get("append") else []
        return {**target, "members": sorted({*target["members"], *kept})}

    def creation(self, client: Client, wanted: Mapping[str, Any], target: Json) -> tuple[str, Json]:
        """Return how it is created."""
        del client, wanted
        return "/groups", target

    def patch(self, wanted: Mapping[str, Any], before: Json, target: Json) -> Json:
        """Return what differs."""
        del wanted
        return differing(before, target)


class Projects(Kind):
    """Projects with their teams."""

    noun = "project"
    fixed = ("data_center",)

    def label(self, wanted: Mapping[str, Any]) -> str:
        """Return `owner/name`."""
        return f"{wanted['owner']}/{wanted['name']}"

    def path(self, wanted: Mapping[str, Any], found: Found | None) -> str:
        """Return the address."""
        del found
        return _address(wanted["owner"], wanted["name"])

    def find(self, client: Client, wanted: Mapping[str, Any]) -> Found | None:
        """Return the project, without a tag: its state changes all the time, what we compare does not.

        Where its owner has none of this name, that of `former_owner`, who shall hand it over.
        """
        item, _ = client.find(self.path(wanted, None))
        if item is None and wanted.get("former_owner") and wanted["state"] != "absent":
            item, _ = client.find(_address(wanted["former_owner"], wanted["name"]))
        return None if item is None else Found(item)

    def shown(self, item: Json) -> Json:
        """Return the fields that the module manages; the team by name."""
        plain = {name: item[name] for name in ("owner", "name", "summary", "description", "public", "data_center")}
        return {
            **plain,
            "tags": sorted(item["tags"]),
            "nodes": sorted(item["nodes"]),
            "members": roles_by("user", item["members"]),
            "groups": roles_by("group", item["groups"]),
        }

    def target(self, wanted: Mapping[str, Any], before: Json | None) -> Json:
        """Return how the project shall be; with `append` nobody leaves the team but its new owner."""
        plain = {name: wanted.get(name) for name in ("owner", "summary", "description", "public", "data_center")}
        if plain["description"] is not None:
            plain["description"] = plain["description"].replace("\r\n", "\n").rstrip()  # as the server keeps it
        for name in ("nodes", "tags"):
            given = wanted.get(name)
            plain[name] = None if given is None else sorted(set(given))
        texts = dict.fromkeys(("summary", "description"), "")
        defaults = {"owner": wanted["owner"], "name": wanted["name"], **texts, "public": None, "tags": []}
        target = overlaid(before, {**defaults, "data_center": None, "nodes": None}, plain)
        for field, key in (("members", "user"), ("groups", "group")):
            present = before[field] if before else {}
            given = wanted.get(field)
            named = roles_by(key, given) if given is not None else present
            target[field] = {**present, **named} if wanted.get("append") else named
        if before and before["owner"] != target["owner"]:
            target["members"] = {user: role for user, role in target["members"].items() if user != target["owner"]}
        return target

    def creation(self, client: Client, wanted: Mapping[str, Any], target: Json) -> tuple[str, Json]:
        """Return how it is created: at once with its team."""
        del client, wanted
        body = {name: value for name, value in target.items() if value is not None}
        return "/projects", {**body, **_team(target)}

    def patch(self, wanted: Mapping[str, Any], before: Json, target: Json) -> Json:
        """Return what differs."""
        del wanted
        changed = differing(before, target)
        return {**changed, **{name: value for name, value in _team(target).items() if name in changed}}

    def change(self, client: Client, wanted: Mapping[str, Any], found: Found, target: Json) -> Json:
        """Hand the project over first where another one owns it; the former owner stays in the team as wanted.

        Then move it where it shall live on other nodes, and wait for them.

        Raises:
            CannotError: the nodes do not share its files, or take longer than `wait_timeout` seconds.
        """
        former = found.item["owner"]
        if former != target["owner"]:
            body = {"owner": target["owner"], "keep": target["members"].get(former)}
            found = Found(client.write("POST", f"{_address(former, wanted['name'])}/transfer", body))
        if self.shown(found.item)["nodes"] != target["nodes"]:
            found = Found(self._moved(client, wanted, target["nodes"]))
        if self.shown(found.item) == target:
            return found.item
        return super().change(client, wanted, found, target)

    def removal(self, wanted: Mapping[str, Any], found: Found) -> str:
        """Return the address; it says that the files shall be deleted for good where `files` does."""
        return self.path(wanted, found) + ("?files=delete" if wanted.get("files") == "delete" else "")

    def removed(self, client: Client, wanted: Mapping[str, Any], answer: Json) -> None:
        """Wait until the nodes are done with the files and the project is gone; not where `wait` is false.

        Raises:
            CannotError: the task failed, or takes longer than `wait_timeout` seconds.
        """
        if wanted.get("wait") is False:
            return
        item = self._awaited(client, wanted, ("error",), f"is still being removed (task {answer.get('id')})")
        if item is not None:
            raise CannotError(f"{self.label(wanted)} was not removed: {item['reason']}")

    def _moved(self, client: Client, wanted: Mapping[str, Any], nodes: list[str]) -> Json:
        """Return the project once it lives on these nodes; a hand-over that is on its way is over first."""
        path, resting = self.path(wanted, None), ("stopped", "running", "error")
        self._awaited(client, wanted, resting, "is still busy, and cannot be moved yet")
        client.write("PUT", f"{path}/nodes", {"nodes": nodes})
        item = self._awaited(client, wanted, resting, "is still being moved to other nodes")
        if item is None or item["state"] == "error":
            why = item["reason"] if item else "it was removed meanwhile"
            raise CannotError(f"{self.label(wanted)} was not moved: {why}")
        return item

    def _awaited(self, client: Client, wanted: Mapping[str, Any], states: tuple[str, ...], late: str) -> Json | None:
        """Return the project once it is in one of the states; None once it is gone. Raises CannotError in the end."""
        end = time.monotonic() + float(wanted.get("wait_timeout") or 120)
        while True:
            item, _ = client.find(self.path(wanted, None))
            if item is None or item["state"] in states:
                return item
            if time.monotonic() > end:
                raise CannotError(f"{self.label(wanted)} {late}. Raise wait_timeout.")
            time.sleep(POLL)


def roles_by(key: str, entries: list[Json]) -> dict[str, str]:
    """Return role by name, in the order of names, for entries such as {"user": ..., "role": ...}."""
    return {entry[key]: entry.get("role") or "member" for entry in sorted(entries, key=lambda entry: str(entry[key]))}


def _address(owner: str, name: str) -> str:
    return f"/projects/{segment(owner)}/{segment(name)}"


def _team(target: Json) -> Json:
    return {
        "members": [{"user": name, "role": role} for name, role in target["members"].items()],
        "groups": [{"group": name, "role": role} for name, role in target["groups"].items()],
    }
