# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account backend needs."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.module_utils._inventory import Inventory
from plugins.module_utils._inventory_accounts import problems
from plugins.plugin_utils import _controller_files
from tests.unit.plugins.conftest import Change

LDAP: dict[str, Any] = {"URI": "ldaps://dc1.example.org", "USER_SEARCH": {"base": "dc=example,dc=org"}}
OIDC: dict[str, Any] = {"ISSUER": "https://id.example.org", "CLIENT_ID": "wakari"}


def test_a_good_inventory_has_no_problem(good: Inventory) -> None:
    assert list(problems(good)) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"aen_server_accounts": "ldap", "aen_server_ldap": LDAP}, ""),
        ({"aen_server_accounts": "local", "aen_server_ldap": {"URI": ""}}, ""),
        ({"aen_server_accounts": "ldap"}, "Set URI of aen_server_ldap in host server1 to the directory's address"),
        (
            {"aen_server_accounts": "ldap", "aen_server_ldap": {"URI": "ldap://x"}},
            "Set USER_SEARCH.base of aen_server_ldap in host server1 to the DN below which people are",
        ),
        (
            {"aen_server_accounts": "ldap", "aen_server_ldap": {**LDAP, "BIND_DN": "cn=x"}},
            "Set aen_server_ldap_password for the host server1 to the password of BIND_DN",
        ),
        (
            {
                "aen_server_accounts": "ldap",
                "aen_server_ldap": {**LDAP, "BIND_AUTH": "hunter2"},
                "aen_server_ldap_password": "hunter2",
            },
            "Keep one of aen_server_ldap_password and BIND_AUTH of aen_server_ldap",
        ),
        (
            {
                "aen_server_accounts": "ldap",
                "aen_server_ldap": {**LDAP, "TLS_CACERT": "/x"},
                "aen_server_accounts_ca": "/y",
            },
            "Keep one of aen_server_accounts_ca and TLS_CACERT of aen_server_ldap",
        ),
        ({"aen_server_accounts": "oidc", "aen_server_oidc": OIDC, "aen_server_oidc_secret": "x"}, ""),
        ({"aen_server_accounts": "oidc"}, "Set CLIENT_ID of aen_server_oidc in host server1 to our name"),
        ({"aen_server_accounts": "pam", "aen_compute_manage_accounts": True}, ""),  # not a compute node
    ],
)
def test_what_a_backend_needs_is_there_and_said_once(change: Change, values: dict[str, object], said: str) -> None:
    found = "\n".join(problems(change("server1", **values)))
    assert said in found
    assert said or not found
    assert "hunter2" not in found


@pytest.mark.parametrize(("manages", "wrong"), [(True, True), ("yes", True), (False, False), ("no", False)])
def test_people_of_pam_get_no_second_account_on_their_own_host(change: Change, manages: object, wrong: bool) -> None:
    both = {"groups": ("aen_server", "aen_compute", "all")}
    values = {"aen_server_accounts": "pam", "aen_compute_manage_accounts": manages}
    found = list(problems(change("server1", both, **values)))
    assert bool(found) is wrong
    assert not wrong or "Set aen_compute_manage_accounts to false for the host server1" in found[0]


def test_the_file_of_authorities_is_there(change: Change) -> None:
    said = "".join(_controller_files.problems(change("server1", aen_server_accounts_ca="/nowhere/ca.pem")))
    assert "there is no file /nowhere/ca.pem" in said
