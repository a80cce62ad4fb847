# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups and roles follow the directory at each sign-in."""

from __future__ import annotations

from tests.integration.accounts.conftest import Site
from tests.integration.accounts.slapd import GROUPS, PEOPLE, Slapd
from tests.integration.accounts.test_ldap import sign_in
from tests.serverkit import Kit


def groups(kit: Kit, name: str = "alice") -> list[str]:
    return sorted(sign_in(kit, name).groups)


def test_people_join_and_leave_with_the_directory(slapd: Slapd, site: Site) -> None:
    alice, bob = slapd.person("alice", "known to the directory"), slapd.person("bob", "known to the directory")
    team = slapd.group("Data Team", alice, bob)
    slapd.group("unmapped", alice)
    kit = site(GROUP_MAP={"data team": "data"})
    assert groups(kit) == ["data"]
    made = kit.services.groups.get("data")
    assert made.source == "ldap"
    assert groups(kit, "bob") == ["data"]
    slapd.change(team, member=[bob])
    assert groups(kit) == []
    assert kit.services.groups.people("data") == ["bob"]


def test_rights_on_projects_follow_at_once(slapd: Slapd, site: Site) -> None:
    alice = slapd.person("alice", "known to the directory")
    bob = slapd.person("bob", "known to the directory")
    team = slapd.group("data", alice, bob)
    kit = site(GROUP_MAP={"data": "data"})
    kit.place()
    owner, _ = kit.user("owner"), sign_in(kit, "alice")
    kit.project(owner, groups={"data": "member"})
    api = kit.api(sign_in(kit, "alice"))
    assert api.get("/projects/owner/demo").status_code == 200
    slapd.change(team, member=[bob])
    sign_in(kit, "alice")
    assert api.get("/projects/owner/demo").status_code == 404


def test_a_group_is_named_by_its_dn_too(slapd: Slapd, site: Site) -> None:
    alice = slapd.person("alice", "known to the directory")
    slapd.group("data", alice)
    assert groups(site(GROUP_MAP={f"CN=data, {GROUPS.upper()}": "data"})) == ["data"]


def test_member_of_counts_by_dn_alone(slapd: Slapd, site: Site) -> None:
    alice = slapd.person("alice", "known to the directory")
    slapd.group("admins", alice, below=PEOPLE)
    by_name = site(GROUP_SEARCH={"base": ""}, SUPERUSER_GROUPS=["admins"])
    assert sign_in(by_name, "alice").roles == ()
    by_dn = site(GROUP_SEARCH={"base": ""}, SUPERUSER_GROUPS=[f"cn=admins,{PEOPLE}"])
    assert sign_in(by_dn, "alice").roles == ("superuser",)


def test_a_group_whose_name_looks_like_a_dn_is_not_that_group(slapd: Slapd, site: Site) -> None:
    alice = slapd.person("alice", "known to the directory")
    with slapd.connection() as directory:
        name = f"cn=admins\\,{GROUPS.replace(',', chr(92) + ',')}".replace("cn=admins", "cn\\=admins")
        made = directory.add(f"cn={name},{GROUPS}", "groupOfNames", {"member": [alice]})
        assert made, directory.result
    assert sign_in(site(SUPERUSER_GROUPS=[f"cn=admins,{GROUPS}"]), "alice").roles == ()


def test_without_a_rule_everybody_leaves_what_the_directory_gave(slapd: Slapd, site: Site) -> None:
    alice = slapd.person("alice", "known to the directory")
    slapd.group("data", alice)
    kit = site(GROUP_MAP={"data": "data"})
    kit.services.groups.add("by-hand", "", [], actor="test")
    assert groups(kit) == ["data"]
    kit.services.groups.join("by-hand", "alice", actor="test")
    assert groups(site()) == ["by-hand"]


def test_roles_by_group_are_given_and_taken_but_never_the_last_one(slapd: Slapd, site: Site) -> None:
    alice, bob = slapd.person("alice", "known to the directory"), slapd.person("bob", "known to the directory")
    admins = slapd.group("admins", alice)
    kit = site(SUPERUSER_GROUPS=["admins"], STAFF_GROUPS=["admins"])
    assert sign_in(kit, "alice").roles == ("staff", "superuser")
    slapd.change(admins, member=[bob])
    assert sign_in(kit, "alice").roles == ("superuser",)
    kit.user("wakari", "superuser")
    assert sign_in(kit, "alice").roles == ()


def test_roles_that_administrators_gave_stay_where_groups_do_not_decide(slapd: Slapd, site: Site) -> None:
    slapd.person("alice", "known to the directory")
    kit = site()
    sign_in(kit, "alice")
    kit.services.accounts.give_role("alice", "staff", actor="test")
    assert sign_in(kit, "alice").roles == ("staff",)


def test_what_breaks_a_rule_in_a_profile_keeps_nobody_outside(slapd: Slapd, site: Site) -> None:
    slapd.person("alice", "known to the directory", cn="x" * 101, mail="no address")
    user = sign_in(site(), "alice")
    assert (user.full_name, user.email) == ("", "")
