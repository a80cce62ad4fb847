# SPDX-License-Identifier: GPL-3.0-or-later
"""The index's tables: SQLite with FTS5 (sqlite.org/fts5.html), one file a node. It can always be made anew."""

from __future__ import annotations

import sqlite3
from pathlib import Path

VERSION = 1  # of the tables below; an index of another version is made anew
BUSY = 10.0  # seconds a reader or the writer waits for the other
# Underscores belong to words, as in code: `read_csv` is one word. Accents do not count.
TOKENIZER = "unicode61 remove_diacritics 2 tokenchars '_'"
COLUMNS = ("name", "text", "imports", "uses", "defines")

_TABLES = f"""
CREATE TABLE projects (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, more INTEGER NOT NULL DEFAULT 0);
CREATE TABLE readers (id INTEGER PRIMARY KEY, said TEXT NOT NULL UNIQUE);
CREATE TABLE files (
  id INTEGER PRIMARY KEY, project INTEGER NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL,
  mark TEXT NOT NULL, modified REAL NOT NULL, digest BLOB NOT NULL, own INTEGER NOT NULL, readers INTEGER NOT NULL,
  note TEXT NOT NULL, UNIQUE (project, path)
);
CREATE TABLE contents (id INTEGER PRIMARY KEY, text BLOB NOT NULL, imports TEXT, uses TEXT, defines TEXT);
CREATE VIRTUAL TABLE words USING fts5({", ".join(COLUMNS)}, content='', prefix='2 3', tokenize="{TOKENIZER}");
CREATE VIRTUAL TABLE grams USING fts5(name, text, content='', detail=column, tokenize='trigram');
PRAGMA user_version = {VERSION};
"""


def for_writing(path: Path) -> sqlite3.Connection:
    """Return the connection of the one writer; makes the index where there is none, or one that cannot be used."""
    try:
        connection = _open(path)
        if _version(connection) == VERSION and connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok":
            return connection
        connection.close()
    except sqlite3.DatabaseError:
        pass  # not a database, or a broken one
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    connection = _open(path)
    connection.executescript(_TABLES)
    return connection


def for_reading(path: Path) -> sqlite3.Connection:
    """Return a connection that can change nothing but tables of its own (`temp`)."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=BUSY, check_same_thread=False)
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -32768")  # KiB
    return connection


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    # What a crash of the host takes from the index the next look at the files brings back.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -32768")
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
