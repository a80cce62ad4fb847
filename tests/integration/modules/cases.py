# SPDX-License-Identifier: GPL-3.0-or-later
"""One line of a table for each module that changes something."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """`first` makes it, `change` differs from it, `gone` removes it (None: it cannot be removed).

    `path`: where the API shows it. `left`: what of `first` may stay away from `change` and must not be lost.
    """

    module: str
    first: Arguments
    change: Arguments
    gone: Arguments | None
    path: str
    kept: Arguments = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.module}-{next(iter(self.first))}"


TEAM = {"members": [{"user": "bob"}, {"user": "carol", "role": "viewer"}], "groups": [{"group": "physics"}]}
ABOUT = {"description": "# Ice\n\nCores.\n"}
CASES = [
    Case(
        "user",
        {"name": "erin", "initial_password": "long enough", "full_name": "Erin", "roles": ["staff"]},
        {"name": "erin", "email": "erin@example.org", "roles": []},
        {"name": "erin", "state": "absent"},
        "/users/erin",
        {"full_name": "Erin"},
    ),
    Case(
        "group",
        {"name": "maths", "summary": "Institute", "members": ["bob", "alice"]},
        {"name": "maths", "members": ["carol"]},
        {"name": "maths", "state": "absent"},
        "/groups/maths",
        {"summary": "Institute"},
    ),
    Case(
        "project",
        {
            "owner": "alice",
            "name": "climate",
            "summary": "Ice",
            "public": False,
            "data_center": "east",
            **ABOUT,
            **TEAM,
            "tags": ["ice", "cores", "ice"],
        },
        {"owner": "alice", "name": "climate", "public": True, "members": [{"user": "dave"}], "tags": ["greenland"]},
        {"owner": "alice", "name": "climate", "state": "absent"},
        "/projects/alice/climate",
        {"summary": "Ice", "description": "# Ice\n\nCores.", "groups": [{"group": "physics", "role": "member"}]},
    ),
    Case(
        "project",
        {"name": "handed", "owner": "bob", "tags": ["ice"], "members": [{"user": "alice"}, {"user": "carol"}]},
        {"owner": "alice", "name": "handed", "former_owner": "bob", "members": [{"user": "bob", "role": "viewer"}]},
        {"owner": "alice", "name": "handed", "former_owner": "bob", "state": "absent"},
        "/projects",
    ),
    Case(
        "project_member",
        {"project": "alice/demo", "user": "bob"},
        {"project": "alice/demo", "user": "bob", "role": "viewer"},
        {"project": "alice/demo", "user": "bob", "state": "absent"},
        "/projects/alice/demo",
    ),
    Case(
        "project_member",
        {"group": "physics", "project": "alice/demo", "role": "viewer"},
        {"group": "physics", "project": "alice/demo"},
        {"group": "physics", "project": "alice/demo", "state": "absent"},
        "/projects/alice/demo",
    ),
    Case(
        "compute_node",
        {"name": "east-9", "url": "http://east-9.test:5002/", "data_center": "east", "description": "Big"},
        {"name": "east-9", "state": "drained"},
        {"name": "east-9", "state": "absent"},
        "/nodes/east-9",
        {"description": "Big"},
    ),
    Case(
        "data_center",
        {"name": "west", "url": "http://WEST.test:8089/", "secret_dest": "{tmp}/secret"},
        {"name": "west", "summary": "Building 7"},
        {"name": "west", "state": "absent"},
        "/data-centers",
    ),
    Case(
        "token",
        {"name": "nightly", "secret_dest": "{tmp}/token", "username": "alice", "password": "correct horse battery"},
        {
            "name": "nightly",
            "secret_dest": "{tmp}/token",
            "username": "alice",
            "password": "correct horse battery",
            "renew_before": 3000000,
            "expires_in": 4000000,
        },
        {"name": "nightly", "username": "alice", "password": "correct horse battery", "state": "absent"},
        "/tokens",
    ),
    Case(
        "setting",
        {
            "announcement": "Friday",
            "default_visibility": "public",
            "anonymous_reading": True,
            "password_min_length": 12,
        },
        {"announcement": ""},
        None,
        "/settings",
        {"default_project_public": True},
    ),
    Case(
        "users",
        {"users": [{"name": "erin", "initial_password": "long enough"}, {"name": "alice", "full_name": "Alice"}]},
        {"users": [{"name": "erin", "email": "erin@example.org"}, {"name": "alice"}]},
        {"users": [{"name": name} for name in ("alice", "bob", "carol", "dave")], "purge": True},
        "/users/erin",
    ),
    Case(
        "groups",
        {"groups": [{"name": "maths", "members": ["bob"]}, {"name": "biology", "members": ["carol"]}]},
        {"groups": [{"name": "maths", "members": ["carol"]}, {"name": "biology"}]},
        {"groups": [{"name": "biology"}, {"name": "physics"}], "purge": True},
        "/groups/maths",
    ),
    Case(
        "projects",
        {"projects": [{"owner": "alice", "name": "p1", **TEAM}, {"owner": "bob", "name": "p1", "public": True}]},
        {"projects": [{"owner": "alice", "name": "p1", "members": []}, {"owner": "bob", "name": "p1"}]},
        {"projects": [{"owner": "alice", "name": "demo"}, {"owner": "bob", "name": "p1"}], "purge": True},
        "/projects/alice/p1",
        {"groups": [{"group": "physics", "role": "member"}]},
    ),
]
