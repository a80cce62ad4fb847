# SPDX-License-Identifier: GPL-3.0-or-later
"""The indexer over files of a test, asked as the launcher asks it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from wakari.core.search import NodeAnswer, NodeQuery
from wakari.permissions import tree
from wakari.permissions.engine import Engine
from wakari.permissions.policy import Policy, Team
from wakari.search.child import Extractor
from wakari.search.find import Find
from wakari.search.index import Index
from wakari.search.scan import Count, Scanner

ALICE, BOB, CARA, VISITOR = 20000, 20001, 20002, 998
TEAM = Team(ALICE, ALICE, members={BOB: BOB})
OPEN = Team(ALICE, ALICE, members={BOB: BOB}, anonymous=VISITOR)


@dataclass
class Node:
    """A node's projects and their index."""

    root: Path
    place: Path
    index: Index
    extractor: Extractor
    file_limit: int = 1 << 20
    project_files: int = 1000
    ended: threading.Event = field(default_factory=threading.Event)

    def write(self, path: str, content: str | bytes) -> Path:
        """Return a file of this content, Alice's."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def share(self, project: str, team: Team = TEAM) -> None:
        """Give the project's files the permissions of this team, as a start of the project does."""
        top = self.root / project
        for folder, _, files in os.walk(top):
            for name in [folder, *(os.path.join(folder, file) for file in files)]:  # noqa: PTH118 - os.walk's names
                os.chown(name, ALICE, ALICE, follow_symlinks=False)
        descriptor = tree.open_directory(top)
        try:
            Engine(Policy(team), frozenset({0}), write=True).run(descriptor)
        finally:
            os.close(descriptor)

    def look(self) -> Count:
        """Bring the index in line with the files."""
        return Scanner(self.root, self.index, self.extractor, self.file_limit, self.project_files, self.ended).look()

    def ask(self, query: str, uid: int = ALICE, **more: object) -> NodeAnswer:
        """Return what the person finds in `alice/demo`, as one of the team where nothing else is said."""
        find = Find(self.place, VISITOR)
        try:
            return find.answer(NodeQuery.model_validate({"query": query, "uid": uid, "team": ["alice/demo"], **more}))
        finally:
            find.close()

    def paths(self, query: str, uid: int = ALICE, **more: object) -> list[str]:
        """Return the paths of what the person finds, in their order."""
        return sorted(file.path for file in self.ask(query, uid, **more).files)


@contextmanager
def running(folder: Path) -> Iterator[Node]:
    """Start the index of a node in the folder, which is empty where nothing ran there before."""
    (folder / "projects").mkdir(exist_ok=True)
    node = Node(folder / "projects", folder / "index.db", Index(folder / "index.db"), Extractor())
    try:
        yield node
    finally:
        node.extractor.close()
        node.index.close()
