# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole table, written out a second time: whoever changes who may do what must say so here too."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from wakari.access import TABLE, Action, Caller, Level, SiteRole, has, level, query, require, require_site
from wakari.core.errors import AppError


@dataclass
class Entry:
    user: str
    role: str


@dataclass
class GroupEntry:
    group: str
    role: str


@dataclass
class Shared:
    owner: str = "owner"
    public: bool = False
    members: list[Entry] = field(default_factory=lambda: [Entry("member", "member"), Entry("viewer", "viewer")])
    groups: list[GroupEntry] = field(
        default_factory=lambda: [GroupEntry("makers", "member"), GroupEntry("readers", "viewer")]
    )


PEOPLE = {
    "nobody": Caller(),
    "stranger": Caller("stranger", SiteRole.USER),
    "viewer": Caller("viewer", SiteRole.USER),
    "member": Caller("member", SiteRole.USER),
    "member by group": Caller("grouped", SiteRole.USER, frozenset({"makers", "readers", "others"})),
    "viewer by group": Caller("reader", SiteRole.USER, frozenset({"readers"})),
    "stranger's group": Caller("stranger", SiteRole.USER, frozenset({"others"})),
    "owner": Caller("owner", SiteRole.USER),
    "staff": Caller("staff", SiteRole.STAFF),
    "superuser": Caller("superuser", SiteRole.SUPERUSER),
}
GROUPED = {"member by group", "viewer by group", "stranger's group"}
READING = {Action.PROJECT_READ, Action.PROJECT_SEARCH}
EVERYBODY = {"stranger", "viewer", "member", "owner", "staff", "superuser"} | GROUPED
ALLOWED = {
    "project.create": EVERYBODY,
    "project.create-for": {"superuser"},
    "project.read": {"viewer", "member", "owner", "staff", "superuser", "member by group", "viewer by group"},
    "project.search": {"viewer", "member", "owner", "member by group", "viewer by group"},
    "project.run": {"member", "owner", "superuser", "member by group"},
    "project.environment": {"member", "owner", "superuser", "member by group"},
    "project.update": {"owner", "superuser"},
    "project.team": {"owner", "superuser"},
    "project.delete": {"owner", "superuser"},
    "project.transfer": {"owner", "superuser"},
    "project.limits": {"superuser"},
    "project.move": {"superuser"},
    "user.read": {"staff", "superuser"},
    "user.write": {"staff", "superuser"},
    "user.roles": {"superuser"},
    "user.offboard": {"superuser"},
    "mail.send": {"staff", "superuser"},
    "group.read": EVERYBODY,
    "group.write": {"superuser"},
    "setting.read": {"staff", "superuser"},
    "setting.write": {"superuser"},
    "data-center.read": EVERYBODY,
    "data-center.write": {"superuser"},
    "node.read": {"staff", "superuser"},
    "node.write": {"superuser"},
    "task.own": EVERYBODY,
    "task.read-all": {"staff", "superuser"},
    "task.manage": {"superuser"},
    "token.own": EVERYBODY,
    "authorization.own": EVERYBODY,
    "ssh-key.own": EVERYBODY,
    "search.own": EVERYBODY,
    "token.all": {"superuser"},
    "authorization.all": {"superuser"},
    "app.read-all": {"staff", "superuser"},
    "app.stop": {"superuser"},
    "exception.read": {"staff", "superuser"},
    "report.read": {"staff", "superuser"},
    "log.read": {"superuser"},
    "fleet.run": {"superuser"},
}


def test_the_second_writing_is_complete() -> None:
    assert set(ALLOWED) == {str(action) for action in TABLE} == {str(action) for action in Action}


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("who", PEOPLE)
def test_each_cell_of_a_private_project(action: Action, who: str) -> None:
    assert has(PEOPLE[who], action, Shared()) == (who in ALLOWED[action])


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("who", PEOPLE)
def test_public_adds_reading_for_the_signed_in_and_nothing_else(action: Action, who: str) -> None:
    expected = who in ALLOWED[action] or (action in READING and who in EVERYBODY)
    assert has(PEOPLE[who], action, Shared(public=True)) == expected


@pytest.mark.parametrize(
    ("who", "private", "public"),
    [
        ("nobody", Level.NONE, Level.NONE),
        ("stranger", Level.NONE, Level.READ),
        ("viewer", Level.READ, Level.READ),
        ("member", Level.WRITE, Level.WRITE),
        ("member by group", Level.WRITE, Level.WRITE),
        ("viewer by group", Level.READ, Level.READ),
        ("stranger's group", Level.NONE, Level.READ),
        ("owner", Level.ADMIN, Level.ADMIN),
        ("staff", Level.NONE, Level.READ),
        ("superuser", Level.NONE, Level.READ),
    ],
)
def test_levels_come_from_the_team_and_never_from_a_role_on_the_site(who: str, private: Level, public: Level) -> None:
    assert level(PEOPLE[who], Shared()) is private
    assert level(PEOPLE[who], Shared(public=True)) is public


def test_a_refusal_does_not_tell_a_stranger_that_the_project_exists() -> None:
    with pytest.raises(AppError) as caught:
        require(PEOPLE["stranger"], Action.PROJECT_RUN, Shared())
    assert caught.value.status == 404
    with pytest.raises(AppError) as caught:
        require(PEOPLE["viewer"], Action.PROJECT_RUN, Shared())
    assert caught.value.status == 403


def test_who_is_not_signed_in_is_asked_to() -> None:
    with pytest.raises(AppError) as caught:
        require_site(PEOPLE["nobody"], Action.USER_READ)
    assert caught.value.status == 401
    with pytest.raises(AppError) as caught:
        require_site(PEOPLE["stranger"], Action.USER_READ)
    assert caught.value.status == 403


def test_nobody_lists_nothing_and_staff_everything() -> None:
    assert query(PEOPLE["nobody"], Action.PROJECT_READ) == {"_id": {"$in": []}}
    assert query(PEOPLE["staff"], Action.PROJECT_READ) == {}
    assert query(PEOPLE["staff"], Action.PROJECT_DELETE) != {}
