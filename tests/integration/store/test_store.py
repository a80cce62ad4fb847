# SPDX-License-Identifier: GPL-3.0-or-later
"""What the store promises when many write at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from pymongo.client_session import ClientSession

from tests.mongod import Mongod
from tests.serverkit import Kit
from wakari.core.errors import AppError
from wakari.core.settings import SettingsError
from wakari.store import Conflict, Store, StoreUnavailable, connect
from wakari.store.base import now


def add(store: Store, name: str) -> int:
    return store.users.add(name, password_hash="", full_name="", email="", roles=[]).uid


def test_indexes_are_made_once(mongod: Mongod, database_name: str) -> None:
    store = connect(mongod.uri, database_name)
    assert "tasks.running_project" in store.init()
    assert store.init() == []
    store.close()


def test_uids_are_never_given_twice(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        uids = list(pool.map(lambda number: add(store, f"u{number}"), range(40)))
    assert sorted(uids) == list(range(20000, 20040))


def test_one_of_many_gets_a_name(store: Store) -> None:
    def take(_: int) -> str:
        try:
            add(store, "alice")
        except Conflict:
            return "taken"
        return "made"

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(take, range(16))) == {"made": 1, "taken": 15}


def test_one_of_many_starts_wins_and_all_get_its_task(kit: Kit, store: Store) -> None:
    kit.place()
    alice = kit.user("alice")
    project = kit.project(alice)
    gate = threading.Barrier(8)

    def start(_: int) -> str:
        gate.wait()
        return kit.services.lifecycle.start(kit.caller(alice), project).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(8)))) == 1
    assert store.tasks.count("queued") == 1


def test_changes_of_the_team_fold_into_one_waiting_task(kit: Kit, store: Store) -> None:
    kit.place()
    alice = kit.user("alice")
    names = [kit.user(f"u{number}").name for number in range(6)]
    project = kit.project(alice)
    store.projects.mark_started(project.id)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: kit.services.team.put(kit.caller(alice), project, name, "member"), names))
    found = store.projects.by_id(project.id)
    assert found
    assert {entry.user for entry in found.members} == set(names)
    assert store.tasks.count("queued") == 1


@pytest.mark.parametrize("act", ["take_role", "ban", "remove"])
def test_two_superusers_who_put_each_other_out_at_once_leave_one(
    kit: Kit, store: Store, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    kit.user("root1", "superuser")
    kit.user("root2", "superuser")
    both, plain = threading.Barrier(2), store.transaction
    met = threading.Event()

    def transaction(work: Callable[[ClientSession], Any]) -> Any:
        def meet(tx: ClientSession) -> Any:
            store.users.with_role("superuser", tx)  # from here on it sees this moment
            if not met.is_set():
                both.wait(20)
                met.set()
            return work(tx)

        return plain(meet)

    monkeypatch.setattr(store, "transaction", transaction)
    accounts, bans, team = kit.services.accounts, kit.services.bans, kit.services.team
    acts: dict[str, Callable[[str, str], object]] = {
        "take_role": lambda name, actor: accounts.take_role(name, "superuser", actor=actor),
        "ban": lambda name, actor: bans.ban(name, "", actor=actor),
        "remove": lambda name, actor: accounts.remove(name, actor=actor, leave_teams=team.leave_all),
    }

    def put_out(name: str, actor: str) -> str:
        try:
            acts[act](name, actor)
        except AppError as error:
            return error.code
        return "out"

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(put_out, ("root1", "root2"), ("root2", "root1")))
    assert sorted(ends) == ["last_superuser", "out"]
    assert len([user for user in store.users.with_role("superuser") if not user.banned]) == 1


def test_a_transaction_that_fails_leaves_nothing(kit: Kit, store: Store) -> None:
    kit.place()
    project = kit.project(kit.user("alice"))

    def work(tx: ClientSession) -> None:
        assert store.projects.move(project.id, ["stopped"], "starting", "t1", tx)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        store.transaction(work)
    found = store.projects.by_id(project.id)
    assert found
    assert found.state == "stopped"


def test_a_task_that_no_longer_moves_the_project_has_no_word_at_its_end(kit: Kit, store: Store) -> None:
    kit.place()
    alice = kit.user("alice")
    project = kit.project(alice)
    start = kit.services.lifecycle.start(kit.caller(alice), project)
    stop = kit.services.lifecycle.stop(kit.caller(alice), project)
    assert store.transaction(lambda tx: store.projects.settle(project.id, start.id, "running", None, tx)) is None
    settled = store.transaction(lambda tx: store.projects.settle(project.id, stop.id, "stopped", None, tx))
    assert settled
    assert settled.state == "stopped"


def test_sessions_end_by_time_and_by_idleness(store: Store) -> None:
    secret, session = store.sessions.add("alice", 600)
    assert store.sessions.resume(secret, 600)
    assert store.sessions.resume("x" * 43, 600) is None
    assert store.sessions.resume(session.id, 600) is None
    store.sessions._documents.update_one({}, {"$set": {"seen_at": now() - timedelta(seconds=61)}})
    assert store.sessions.resume(secret, 60) is None
    seen = store.sessions.resume(secret, 120)
    assert seen
    assert seen.seen_at > session.created_at - timedelta(seconds=5)
    store.sessions._documents.update_one({}, {"$set": {"expires_at": now()}})
    assert store.sessions.resume(secret, 600) is None


def test_failures_are_counted_in_a_window(store: Store) -> None:
    assert [store.throttles.count("k", 60) for _ in range(3)] == [1, 2, 3]
    assert store.throttles.peek("k") == 3
    store.throttles._documents.update_one({}, {"$set": {"expires_at": now() - timedelta(seconds=1)}})
    assert store.throttles.peek("k") == 0
    assert store.throttles.count("k", 60) == 1


def test_a_database_that_is_away_is_told_without_the_password() -> None:
    store = connect("mongodb://user:hush@127.0.0.1:1/?serverSelectionTimeoutMS=100", "x")
    with pytest.raises(StoreUnavailable) as caught:
        store.users.get("alice")
    assert "hush" not in str(caught.value)
    with pytest.raises(StoreUnavailable):
        store.ping()
    store.close()


@pytest.mark.parametrize("uri", ["mongodb://user:hush@:bad:/", "mongodb://", "mongodb://u:hush@h/?tls=ture"])
def test_a_connection_string_that_is_none_is_told_without_its_text(uri: str) -> None:
    with pytest.raises(SettingsError) as caught:
        connect(uri, "x").close()
    assert "hush" not in str(caught.value)


def test_lists_use_an_index(kit: Kit, store: Store) -> None:
    kit.place()
    kit.project(kit.user("alice"))
    for where, order in (
        ({"owner": "alice"}, [("owner", 1), ("name", 1)]),
        ({"members.user": "alice"}, [("owner", 1), ("name", 1)]),
    ):
        plan = store.projects._documents.find(where).sort(order).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
