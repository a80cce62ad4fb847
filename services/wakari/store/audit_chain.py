# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain of the security log: what an entry's hash covers, and whether a log is whole. Needs no database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

GENESIS = "0" * 64  # what the first entry holds as the hash before it
Entry = dict[str, Any]


@dataclass(frozen=True)
class Head:
    """An entry of the chain as noted elsewhere. Written `NUMBER:HASH`."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Return the head; raise ValueError for anything but `NUMBER:HASH`."""
        number, _, digest = text.partition(":")
        if not number.isdecimal() or len(digest) != len(GENESIS) or set(digest) - set("0123456789abcdef"):
            raise ValueError("Write it as NUMBER:HASH, as verify-log prints it.")
        return cls(int(number), digest)


@dataclass(frozen=True)
class Verdict:
    """What a look through a log found. `older`: entries from before the chain; `problem` empty: it is whole."""

    entries: int
    older: int
    head: Head | None
    problem: str = ""


def document_of(document: Mapping[str, Any]) -> Entry:
    """Return an entry as it is exported: `id` for `_id`, times as ISO 8601 in UTC with milliseconds."""
    shown = {("id" if key == "_id" else key): value for key, value in document.items()}
    at = shown.get("at")
    if isinstance(at, datetime):
        shown["at"] = at.isoformat(timespec="milliseconds")
    return shown


def hash_of(entry: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of an exported entry without its `hash`: JSON, keys sorted, no spaces, ASCII."""
    covered = {key: value for key, value in entry.items() if key != "hash"}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def verify(entries: Iterable[Entry], highest: int = 0, expected: Head | None = None) -> Verdict:
    """Return whether the entries, in their order, are a whole chain.

    `highest` is the highest number ever given, `expected` an entry noted earlier that must still be there as it was.
    """
    head: Head | None = None
    count, older = 0, 0
    begun, latest_older = "", ""  # times: of the chain's beginning, of the latest entry outside of it
    met = expected is None
    for entry in entries:
        if "seq" not in entry:
            older += 1
            latest_older = max(latest_older, str(entry.get("at", "")))
            continue
        count += 1
        problem = _broken_link(head, entry)
        if problem:
            return Verdict(count, older, head, problem)
        head = Head(entry["seq"], entry["hash"])
        begun = begun or str(entry["at"])
        met = met or head == expected
    problem = _wrong_end(head, highest)
    if begun and latest_older > begun:
        problem = "An entry without a place in the chain was added later than its beginning."
    if not problem and expected is not None and not met:
        problem = f"Entry {expected.seq} is not the one that was noted: the log was written anew or cut off."
    return Verdict(count, older, head, problem)


def _broken_link(head: Head | None, entry: Entry) -> str:
    wanted = head.seq + 1 if head else 1
    if entry["seq"] != wanted:
        return f"Entry {wanted} is missing: entry {entry['seq']} follows."
    if entry.get("hash") != hash_of(entry):
        return f"Entry {wanted} was changed: its hash does not match what it says."
    if entry.get("previous") != (head.hash if head else GENESIS):
        return f"Entry {wanted} does not continue the entry before it: one of them was replaced."
    return ""


def _wrong_end(head: Head | None, highest: int) -> str:
    if head is None:
        return f"The log is empty; {highest} entries were written." if highest else ""
    if head.seq < highest:
        return f"The newest entries are missing: {highest} were written, the last one here is {head.seq}."
    return ""
