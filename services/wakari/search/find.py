# SPDX-License-Identifier: GPL-3.0-or-later
"""Answering: the files of a query's projects that match, that the person may read, the best first."""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from wakari.core.search import MOST, SECONDS, FoundFile, NodeAnswer, NodeQuery
from wakari.search import database, patterns, query, readers, snippets, sql

_COUNTED = 20_000  # files of one answer; beyond, the counts are "at least"
_GRACE = 2.0  # seconds that SQLite has to end by itself once no more patterns are looked for
_STEP = 20_000  # instructions of SQLite between two looks at the clock
# Of name, text, imports, uses, defines: a name says most, and what a file defines more than what it mentions.
_WEIGHTS = "4.0, 1.0, 1.5, 1.0, 3.0"
_RANKED = f"SELECT rowid AS id, bm25(words, {_WEIGHTS}) AS rank FROM words WHERE words MATCH ?"  # noqa: S608 - our own
_PLACE = "temp.allowed a JOIN files f ON f.project = a.project"
_SEEN = "EXISTS (SELECT 1 FROM temp.seen s WHERE s.uid = a.uid AND s.readers = f.readers)"
_TOO_LONG = NodeAnswer(incomplete="The search took too long. Add a word that must occur.")


class Find:
    """Answers queries on one connection; one at a time."""

    def __init__(self, path: Path, visitor: int | None, seconds: float = SECONDS) -> None:
        """`visitor`: uid of the account as which people outside the team read public projects; None: they do not."""
        self._db = database.for_reading(path)
        self._visitor = visitor
        self._seconds = seconds
        self._deadline = 0.0
        self._late = False
        self._patterns: list[query.Pattern] = []
        self._db.create_function("found", 3, self._found)
        self._db.executescript(
            "CREATE TEMP TABLE allowed (project INTEGER PRIMARY KEY, uid INTEGER);"
            "CREATE TEMP TABLE seen (uid INTEGER, readers INTEGER, PRIMARY KEY (uid, readers));"
            "CREATE TEMP TABLE acl (person TEXT, project INTEGER, PRIMARY KEY (person, project));"
        )

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def answer(self, asked: NodeQuery) -> NodeAnswer:
        """Return what matches. What takes too long is said in `incomplete`.

        Raises:
            BadInputError: the query is none.
        """
        tree = query.parse(asked.query)
        self._deadline, self._late = time.monotonic() + self._seconds, False
        self._db.set_progress_handler(lambda: time.monotonic() > self._deadline + _GRACE, _STEP)
        try:
            self._db.execute("BEGIN")  # one state of the index for the whole answer
            more = self._allow(asked)
            rows = self._rows(tree)
            if self._late and any(isinstance(leaf, query.Pattern) for leaf in query.leaves(tree, wanted=False)):
                return _TOO_LONG  # what was not looked into must not count as "does not occur"
            files = [self._file(row, tree) for row in rows[: min(asked.most, MOST)]]
        except sqlite3.OperationalError:
            if time.monotonic() < self._deadline:
                raise
            return _TOO_LONG
        finally:
            self._db.set_progress_handler(None, 0)
            self._db.rollback()
        return NodeAnswer(
            files=tuple(files), counts=dict(Counter(row[1] for row in rows)), incomplete=self._lacks(rows, more)
        )

    def _lacks(self, rows: list[tuple[int, str, float]], more: list[str]) -> str:
        if self._late:
            return "The search took too long: these are the files found in time. Add a word that must occur."
        if len(rows) >= _COUNTED:
            return f"More than {_COUNTED} files match. Add a word that must occur."
        if more:
            return f"{', '.join(more[:3])}: too many files; some are not searched."[:300]
        return ""

    def _allow(self, asked: NodeQuery) -> list[str]:
        """Write down which projects are searched as whom; return those of which the index left files out."""
        for table in ("allowed", "seen", "acl"):
            self._db.execute(f"DELETE FROM temp.{table}")  # noqa: S608 - our own names
        as_whom = {**dict.fromkeys(asked.visited, self._visitor), **dict.fromkeys(asked.team, asked.uid)}
        ids, more = self._ids(path for path, uid in as_whom.items() if uid is not None)
        self._db.executemany(
            "INSERT INTO temp.allowed VALUES (?, ?)", ((key, as_whom[path]) for path, key in ids.items())
        )
        people = {uid for uid in as_whom.values() if uid is not None}
        for key, said in self._db.execute("SELECT id, said FROM readers").fetchall():
            found = readers.decode(said)
            seeing = [(uid, key) for uid in people if found.include(uid)]
            self._db.executemany("INSERT INTO temp.seen VALUES (?, ?)", seeing)
        pairs = ((person, ids[path]) for person, paths in asked.acl.items() for path in paths if path in ids)
        self._db.executemany("INSERT OR IGNORE INTO temp.acl VALUES (?, ?)", pairs)
        return more

    def _ids(self, paths: Iterable[str]) -> tuple[dict[str, int], list[str]]:
        wanted = set(paths)
        found = self._db.execute("SELECT path, id, more FROM projects").fetchall()
        ids = {path: key for path, key, _ in found if path in wanted}
        return ids, sorted(path for path, _, more in found if more and path in wanted)

    def _rows(self, tree: query.Node) -> list[tuple[int, str, float]]:
        """Return (id, project, rank) of the files, best first."""
        condition = sql.condition(tree)
        self._patterns = condition.patterns
        ranked = sql.ranking(tree)
        rank, join, before = "0.0", "", []
        if ranked is not None:
            rank, before = "coalesce(w.rank, 0.0)", [ranked]
            join = f"LEFT JOIN ({_RANKED}) w ON w.id = f.id"
        text = (
            f"SELECT f.id, p.path, {rank} AS rank FROM {_PLACE} JOIN projects p ON p.id = f.project {join}"  # noqa: S608 - built of our own pieces; what was typed is in the parameters
            f" WHERE {condition.sql} AND {_SEEN} ORDER BY rank, f.modified DESC, f.id LIMIT {_COUNTED}"
        )
        return self._db.execute(text, [*before, *condition.parameters]).fetchall()

    def _file(self, row: tuple[int, str, float], tree: query.Node) -> FoundFile:
        key, project, rank = row
        path, kind, modified, note, packed = self._db.execute(
            "SELECT f.path, f.kind, f.modified, f.note, c.text FROM files f JOIN contents c USING (id) WHERE id = ?",
            (key,),
        ).fetchone()
        return FoundFile(
            project=project,
            path=path,
            kind=kind,
            rank=rank,
            modified=modified,
            note=note,
            hits=tuple(snippets.hits(tree, zlib.decompress(packed).decode(), notebook=kind == "notebook")),
        )

    def _found(self, number: int, first: str | None, packed: bytes | None) -> bool:
        """Return whether a pattern occurs; called by SQLite for each candidate."""
        self._late = self._late or time.monotonic() > self._deadline
        if self._late:
            return False
        pattern = patterns.compiled(self._patterns[number].text)
        if first and pattern.search(first):
            return True
        return bool(packed and pattern.search(zlib.decompress(packed).decode()))
