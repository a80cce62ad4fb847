# SPDX-License-Identifier: GPL-3.0-or-later
"""The security log in a real MongoDB, written by several processes' worth of stores and then tampered with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.mongod import Mongod
from wakari.store import Store, connect
from wakari.store.audit_chain import Head, verify

Log = Any


@pytest.fixture
def store(mongod: Mongod, database_name: str) -> Iterator[Store]:
    made = connect(mongod.uri, database_name)
    made.init()
    yield made
    made.close()


def look(store: Store, expected: Head | None = None) -> str:
    highest = store.audit.highest()
    return verify(store.audit.entries(), highest, expected).problem


def write(store: Store, count: int = 5) -> None:
    for number in range(count):
        store.audit.add("project.start", "alice", "alice/demo", "192.0.2.7", number=number, name="ä")


def test_several_writers_make_one_chain(store: Store, mongod: Mongod, database_name: str) -> None:
    """Stores of their own share no lock: the database alone keeps them in line."""
    others = [connect(mongod.uri, database_name) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: write(one, 15), others))
    for one in others:
        one.close()
    found = verify(store.audit.entries(), store.audit.highest())
    assert (found.problem, found.entries) == ("", 60)
    assert found.head is not None
    assert found.head.seq == 60


def change(log: Log) -> None:
    log.update_one({"seq": 3}, {"$set": {"actor": "mallory"}})


def change_time(log: Log) -> None:
    entry = log.find_one({"seq": 3})
    log.update_one({"seq": 3}, {"$set": {"at": entry["at"].replace(year=2001)}})


def remove_middle(log: Log) -> None:
    log.delete_one({"seq": 3})


def remove_last(log: Log) -> None:
    log.delete_one({"seq": 5})


def remove_all(log: Log) -> None:
    log.delete_many({})


def swap(log: Log) -> None:
    third, fourth = log.find_one({"seq": 3}), log.find_one({"seq": 4})
    log.delete_many({"seq": {"$in": [3, 4]}})
    log.insert_many([{**third, "seq": 4}, {**fourth, "seq": 3}])


def slip_in(log: Log) -> None:
    entry = log.find_one({"seq": 5})
    bare = {key: value for key, value in entry.items() if key not in {"seq", "previous", "hash"}}
    log.insert_one({**bare, "_id": "0" * 24})


def rewrite_one(log: Log) -> None:
    """A forger who computes the entry's own hash anew still breaks the next one's."""
    from wakari.store.audit_chain import document_of, hash_of  # noqa: PLC0415 - the forger's tool, of this case alone

    entry = {**log.find_one({"seq": 3}), "actor": "mallory"}
    log.replace_one({"seq": 3}, {**entry, "hash": hash_of(document_of(entry))})


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (change, "Entry 3 was changed"),
        (change_time, "Entry 3 was changed"),
        (remove_middle, "Entry 3 is missing"),
        (remove_last, "newest entries are missing"),
        (remove_all, "5 entries were written"),
        (swap, "Entry 3 was changed"),
        (slip_in, "without a place in the chain"),
        (rewrite_one, "Entry 4 does not continue"),
    ],
)
def test_tampering_is_found(store: Store, tamper: Callable[[Log], None], told: str) -> None:
    write(store)
    assert look(store) == ""
    tamper(store.database.audit)
    assert told in look(store)


def test_a_removed_newest_entry_is_found_after_more_were_added(store: Store) -> None:
    write(store)
    store.database.audit.delete_one({"seq": 5})
    write(store, 2)
    assert "Entry 5 is missing" in look(store)


def test_a_log_written_anew_is_found_by_what_was_noted(store: Store) -> None:
    write(store)
    noted = verify(store.audit.entries()).head
    assert noted is not None
    write(store, 1)
    assert look(store, noted) == ""
    store.database.audit.delete_many({})
    store.database.counters.delete_many({"_id": "audit"})
    write(store, 8)
    assert look(store) == ""
    assert "Entry 5 is not the one that was noted" in look(store, noted)


def test_entries_of_before_the_chain_are_counted(store: Store) -> None:
    store.audit.add("user.create", "root")
    store.database.audit.update_many({}, {"$unset": {"seq": "", "previous": "", "hash": ""}})
    store.database.counters.delete_many({"_id": "audit"})
    write(store, 3)
    found = verify(store.audit.entries(), store.audit.highest())
    assert (found.problem, found.entries, found.older) == ("", 3, 1)


def test_an_export_proves_itself(store: Store, tmp_path: Path) -> None:
    write(store)
    file = tmp_path / "log"
    file.write_text("".join(json.dumps(entry) + "\n" for entry in store.audit.entries()))
    read = [json.loads(line) for line in file.read_text().splitlines()]
    assert verify(read).problem == ""
    read[1]["subject"] = "bob/demo"
    assert "Entry 2 was changed" in verify(read).problem
