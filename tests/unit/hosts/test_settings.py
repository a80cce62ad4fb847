# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress

import pytest

from tools.hosts import lab
from tools.hosts.errors import LabError
from tools.hosts.settings import NETWORKS, HostSpec, lab_from, parse_size, parse_spec


def test_hosts_are_asked_for_by_name_octet_and_suite() -> None:
    assert parse_spec("server=11") == HostSpec("server", 11, "bookworm", None)
    assert parse_spec("compute-1=13:trixie", 1024) == HostSpec("compute-1", 13, "trixie", 1024)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("server", "NAME=OCTET"),
        ("server=", "NAME=OCTET"),
        ("server=x", "NAME=OCTET"),
        ("server=11:", "NAME=OCTET"),
        ("Server=11", "lower case"),
        ("_proxy=11", "lower case"),
        ("a..b=11", "lower case"),
        ("../x=11", "lower case"),
        ("a" * 33 + "=11", "up to 32"),
        ("server=11:sid", "suite sid is not known"),
    ],
)
def test_wrong_wishes_are_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(LabError, match=reason):
        parse_spec(text)


def test_sizes() -> None:
    assert [parse_size(text) for text in ("100", "2K", "512M", "2G")] == [100, 2048, 512 << 20, 2 << 30]
    for text in ("", "0", "2T", "-1M", "1.5G"):
        with pytest.raises(LabError, match="size"):
            parse_size(text)


def test_labs_do_not_share_networks_bridges_or_state() -> None:
    aen, other = lab_from({}), lab_from({"AEN_LAB_NAME": "aentest"})
    assert not aen.network.overlaps(other.network)
    assert aen.bridge != other.bridge
    assert aen.home != other.home
    assert aen.key == other.key
    assert len(NETWORKS) == 2


def test_argument_wins_over_the_environment() -> None:
    assert lab_from({"AEN_LAB_NAME": "aentest"}, "aen").name == "aen"


def test_addresses_end_with_the_octet() -> None:
    assert str(lab_from({}).address(11)) == "198.51.100.11"
    assert str(lab_from({}, "aentest").address(142)) == "198.51.100.142"
    assert lab_from({}).mac(ipaddress.IPv4Address("198.51.100.11")) == "02:00:c6:33:64:0b"


@pytest.mark.parametrize(("name", "octet"), [("aen", 0), ("aen", 1), ("aen", 127), ("aen", 142), ("aentest", 129)])
def test_octets_that_are_not_for_hosts(name: str, octet: int) -> None:
    with pytest.raises(LabError, match="take one from"):
        lab_from({}, name).address(octet)


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"AEN_LAB_NAME": "Lab"}, "lab name"),
        ({"AEN_LAB_NAME": "averylongname"}, "lab name"),
        ({"AEN_LAB_NAME": "third"}, "set AEN_LAB_NET"),
        ({"AEN_LAB_NET": "198.51.100.1/24"}, "host bits"),
        ({"AEN_LAB_NET": "198.51.0.0/16"}, "prefix"),
        ({"AEN_LAB_BRIDGE": "a-name-that-is-too-long"}, "interface name"),
        ({"AEN_LAB": "relative/place"}, "absolute"),
        ({"AEN_LAB": "/with,comma"}, "commas"),
    ],
)
def test_settings_that_cannot_be_used(environment: dict[str, str], reason: str) -> None:
    with pytest.raises(LabError, match=reason):
        lab_from(environment)


def test_interface_names_fit() -> None:
    longest = lab_from({"AEN_LAB_NAME": "ninechars", "AEN_LAB_NET": NETWORKS["aen"]})
    assert len(longest.veth(254)) <= 15
    assert len(longest.bridge) <= 15


def test_conflicts_are_refused() -> None:
    the_lab = lab_from({})
    there = {"server": HostSpec("server", 11)}
    lab.refuse_conflicts(the_lab, [HostSpec("server", 11), HostSpec("gateway", 12)], there)
    for wanted, reason in (
        ([HostSpec("gateway", 11)], "belongs to server"),
        ([HostSpec("server", 12)], "down server"),
        ([HostSpec("server", 11, "trixie")], "down server"),
        ([HostSpec("a", 12), HostSpec("b", 12)], "belongs to a"),
        ([HostSpec("a", 12), HostSpec("a", 13)], "twice"),
    ):
        with pytest.raises(LabError, match=reason):
            lab.refuse_conflicts(the_lab, wanted, there)
