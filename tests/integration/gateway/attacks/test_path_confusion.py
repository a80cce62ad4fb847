# SPDX-License-Identifier: GPL-3.0-or-later
"""Path confusion: a path that one reader takes for one's own project and the next for another (CVE-2026-35397)."""

from __future__ import annotations

import itertools

import pytest

from tests.integration.gateway.attacks.conftest import Path

pytestmark = pytest.mark.root

DOTS = [
    "..",
    "%2e%2e",
    "%2E%2e",
    ".%2e",
    "%2e.",
    "..;",
    "..;a=b",
    "%2e%2e;x",
    "%252e%252e",
    "..%00",
    "%c0%ae%c0%ae",
    "%e0%80%ae",
]
SLASHES = ["/", "%2f", "%2F", "\\", "%5c", "%5C", "//", "/./", "%252f", "%c0%af", "%e0%80%af", "%f0%80%80%af", "%u2215"]
# Double encoding is no other path to the gateway and to a node: both pass it on as it is, byte for byte.
HARMLESS = {"%252e%252e", "%252f", "%u2215"}


@pytest.mark.parametrize("dots", DOTS)
@pytest.mark.parametrize("slash", SLASHES)
def test_no_spelling_of_the_parent_folder_leads_to_the_other_project(path: Path, dots: str, slash: str) -> None:
    target = f"{path.app}/a{slash}{dots}{slash}{dots}{slash}p10/notebook/x"
    status = path.status(path.head("GET", target) + b"\r\n")
    if status == 200:
        assert {dots, slash} & HARMLESS
        assert [seen.target for seen in path.own.seen] == [target]
    else:
        assert status == 400
        assert path.own.seen == []


NEIGHBOURS = [
    "/alice/p10/notebook/x",
    "/alice/p1/../p10/notebook/x",
    "/alice/p1%30/notebook/x",
    "/alice/p1%2f../p10/notebook/x",
    "/alice/p1;/../p10/notebook/x",
    "/alice/p1\\..\\p10/notebook/x",
    "/alice//p10/notebook/x",
    "//alice/p10/notebook/x",
    "/./alice/p10/notebook/x",
    "/alice/./p10/notebook/x",
    "/alice/p1?/../p10/notebook/x",
    "/alice/p1/notebook?/../../p10/notebook/x",
    "/Alice/p10/notebook/x",
    "/alice/P10/notebook/x",
    "/alice/p10/NOTEBOOK/x",
    "/alice/p10 /notebook/x",
    "/alice/p10%20/notebook/x",
    "/alice/p10%00/notebook/x",
    "/alice/p10./notebook/x",
    "/%61lice/p10/notebook/x",
    "/alice/%7010/notebook/x",
    "/alice/p10/%6eotebook/x",
    "/alice/p\u0131/notebook/x",
    "/alice/p1%ef%bc%90/notebook/x",
    "http://{host}/alice/p10/notebook/x",
    "http://alice/p1/notebook/../../p10/x",
    "{host}/alice/p10/notebook/x",
    "/_wakari/../alice/p10/notebook/x",
    "/_wakari/%2e%2e/alice/p10/notebook/x",
]


@pytest.mark.parametrize("target", NEIGHBOURS)
def test_the_project_beside_is_another_project_in_every_spelling(path: Path, target: str) -> None:
    head = path.head("GET", target.format(host=path.proxy.host).encode().decode("latin-1"))
    assert path.status(head + b"\r\n") in {302, 400, 404}
    assert path.own.seen == []


def test_who_may_use_the_one_beside_may_not_use_this_one(path: Path) -> None:
    bob = path.head().replace(path.cookie.encode(), f"wk_gateway={path.state.cookie('bob')}".encode())
    assert path.status(bob + b"\r\n") == 404
    assert path.own.seen == []


@pytest.mark.parametrize("target", ["/internal/settings", "/internal/decide", "/internal/changes", "/internal/page"])
@pytest.mark.parametrize("prefix", ["", "/_wakari/..", "/_wakari/%2e%2e", "/_wakari/.", "/", "/_wakari/x/../.."])
def test_what_the_control_plane_tells_the_data_plane_is_told_to_nobody_else(
    path: Path, target: str, prefix: str
) -> None:
    answer = path.send(path.head("GET", prefix + target, "X-Wakari-Data-Plane: 1") + b"\r\n")
    assert int(answer.split(b" ", 2)[1]) in {400, 404}
    assert b"cookie_keys" not in answer


@pytest.mark.parametrize("size", [4_000, 16_000, 70_000])
def test_a_long_path_is_passed_on_whole_or_refused(path: Path, size: int) -> None:
    target = path.app + "/" + "a" * size
    status = path.status(path.head("GET", target) + b"\r\n")
    assert status in {200, 414}
    assert [seen.target for seen in path.own.seen] == ([target] if status == 200 else [])


def test_a_clear_path_arrives_byte_for_byte(path: Path) -> None:
    """Every byte that may stand in a path, plain and encoded, reaches the app as it was sent."""
    plain = "".join(chr(code) for code in range(33, 127) if chr(code) not in "#\\%?")
    encoded = "".join(f"%{code:02x}" for code in itertools.chain(range(1, 47), range(48, 92), range(93, 192)))
    for rest in (plain, "a" + encoded, "a?" + plain + "/../%2e%2e/%2f\\"):
        target = f"{path.app}/{rest}"
        assert path.status(path.head("GET", target) + b"\r\n") == 200, rest
        assert path.own.seen[-1].target == target
