# SPDX-License-Identifier: GPL-3.0-or-later
"""Search on a running platform: what people write is found by the team, soon, and by nobody else."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import pytest

from tests.functional.platform import Account, Kernel, Site

pytestmark = pytest.mark.platform

PROMISE = 60.0  # seconds from writing a file until it is found; docs/search.md says how it comes to less


def test_a_file_is_found_by_the_team_and_by_no_stranger(site: Site, alice: Account, bob: Account) -> None:
    stranger = site.new_account("eve")
    word, other = f"w{secrets.token_hex(6)}", f"w{secrets.token_hex(6)}"
    shared = alice.project("shared", members=[{"user": bob.name, "role": "member"}])
    alice.project("own")
    write(alice, shared["urls"]["apps"]["notebook"], "found.py", f"import {word}")
    own = alice.call("GET", f"/projects/{alice.name}/own")
    write(alice, own["urls"]["apps"]["notebook"], "own.md", f"{word} {other}")

    wait(lambda: len(found(alice, word)) == 2)
    assert found(alice, word) == [f"{alice.name}/own/own.md", f"{alice.name}/shared/found.py"]
    assert found(bob, f"imports:{word}") == [f"{alice.name}/shared/found.py"]
    assert found(bob, word, project=f"{alice.name}/shared") == [f"{alice.name}/shared/found.py"]
    assert found(bob, other) == []
    assert found(stranger, word) == []
    assert found(site.admin(), word) == [], "a role on the site opens no files"
    refused = bob.session.post(f"{bob.api}/search", json={"query": other, "project": f"{alice.name}/own"}, timeout=30)
    assert refused.status_code == 404

    alice.call("DELETE", f"/projects/{alice.name}/shared/members/{bob.name}")
    assert found(bob, word) == []


def write(person: Account, notebook: str, name: str, text: str) -> None:
    Kernel(person, notebook).run(f"open({name!r}, 'w').write({text!r})")


def found(person: Account, query: str, **more: str) -> list[str]:
    answer = person.call("POST", "/search", {"query": query, **more})
    assert answer["messages"] == []
    return sorted(f"{one['owner']}/{one['name']}/{file['path']}" for one in answer["projects"] for file in one["files"])


def wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PROMISE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PROMISE} s"
        time.sleep(1)
