# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing to the index: what is known of a project's files, and what changes of it. One writer alone."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wakari.search import database, readers
from wakari.search.extract import Content
from wakari.search.readers import Readers

GUARD = " __ "  # a word between two names, so that no phrase reaches from one into the next


@dataclass(frozen=True)
class Known:
    """A file as the index has it. `mark` changes with each change of the inode; `own`: who its own ACL lets read."""

    id: int
    mark: str
    digest: bytes
    own: Readers
    readers: Readers


class Index:
    """The index, for its writer."""

    def __init__(self, path: Path) -> None:
        self._db = database.for_writing(path)
        self._sets: dict[int, Readers] = {}
        self._ids: dict[str, int] = {}

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Make all changes within at once, or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            self._ids.clear()
            raise
        self._db.execute("COMMIT")

    def projects(self) -> dict[str, int]:
        """Return the ids of the projects by `owner/name`."""
        return {str(path): int(key) for path, key in self._db.execute("SELECT path, id FROM projects")}

    def add_project(self, path: str) -> int:
        """Return the id of a new project."""
        return int(self._db.execute("INSERT INTO projects (path) VALUES (?)", (path,)).lastrowid or 0)

    def note_more(self, project: int, more: int) -> None:
        """Note how many files of the project were left out because there are too many."""
        self._db.execute("UPDATE projects SET more = ? WHERE id = ? AND more <> ?", (more, project, more))

    def remove_project(self, project: int) -> None:
        """Forget the project and its files."""
        for known in self.files(project).values():
            self.remove(known.id)
        self._db.execute("DELETE FROM projects WHERE id = ?", (project,))

    def files(self, project: int) -> dict[str, Known]:
        """Return what is known of the project's files, by their path in the project."""
        rows = self._db.execute(
            "SELECT path, id, mark, digest, own, readers FROM files WHERE project = ?", (project,)
        ).fetchall()
        return {
            path: Known(key, mark, digest, self._readers(own), self._readers(effective))
            for path, key, mark, digest, own, effective in rows
        }

    def put(
        self,
        project: int,
        path: str,
        kind: str,
        content: Content,
        *,
        mark: str,
        modified: float,
        digest: bytes,
        own: Readers,
        effective: Readers,
    ) -> None:
        """Enter a file that is not in the index (any more)."""
        key = self._db.execute(
            "INSERT INTO files (project, path, kind, mark, modified, digest, own, readers, note)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (project, path, kind, mark, modified, digest, self._id(own), self._id(effective), content.note),
        ).lastrowid
        names = [GUARD.join(found) for found in (content.imports, content.uses, content.defines)]
        packed = zlib.compress(content.text.encode(), 1)
        self._db.execute("INSERT INTO contents VALUES (?, ?, ?, ?, ?)", (key, packed, *names))
        self._db.execute(
            "INSERT INTO words (rowid, name, text, imports, uses, defines) VALUES (?, ?, ?, ?, ?, ?)",
            (key, path, content.text, *names),
        )
        self._db.execute("INSERT INTO grams (rowid, name, text) VALUES (?, ?, ?)", (key, path, content.text))

    def touch(self, key: int, *, mark: str, modified: float, own: Readers, effective: Readers) -> None:
        """Note a change of a file that is none of its content."""
        self._db.execute(
            "UPDATE files SET mark = ?, modified = ?, own = ?, readers = ? WHERE id = ?",
            (mark, modified, self._id(own), self._id(effective), key),
        )

    def remove(self, key: int) -> None:
        """Forget a file. A contentless FTS5 table wants to be told what it was given (sqlite.org/fts5.html, 4.4.3)."""
        row = self._db.execute(
            "SELECT f.path, c.text, c.imports, c.uses, c.defines FROM files f JOIN contents c USING (id) WHERE id = ?",
            (key,),
        ).fetchone()
        if row is None:
            return
        path, packed, *names = row
        text = zlib.decompress(packed).decode()
        self._db.execute(
            "INSERT INTO words (words, rowid, name, text, imports, uses, defines) VALUES ('delete', ?, ?, ?, ?, ?, ?)",
            (key, path, text, *names),
        )
        self._db.execute("INSERT INTO grams (grams, rowid, name, text) VALUES ('delete', ?, ?, ?)", (key, path, text))
        self._db.execute("DELETE FROM contents WHERE id = ?", (key,))
        self._db.execute("DELETE FROM files WHERE id = ?", (key,))

    def _id(self, found: Readers) -> int:
        said = found.encode()
        if said not in self._ids:
            self._db.execute("INSERT OR IGNORE INTO readers (said) VALUES (?)", (said,))
            self._ids[said] = int(self._db.execute("SELECT id FROM readers WHERE said = ?", (said,)).fetchone()[0])
        return self._ids[said]

    def _readers(self, key: int) -> Readers:
        if key not in self._sets:
            said = self._db.execute("SELECT said FROM readers WHERE id = ?", (key,)).fetchone()[0]
            self._sets[key] = readers.decode(said)
        return self._sets[key]


def statistics(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many projects and files the index has."""
    count = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("projects", "files")}  # noqa: S608 - our own names
    return {name: int(found) for name, found in count.items()}
