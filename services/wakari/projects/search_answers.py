# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes answered to a search, as one answer. Nothing leaves here of a project that was not asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wakari.core.errors import AppError
from wakari.core.search import FoundFile, NodeAnswer
from wakari.store.records import Project


@dataclass(frozen=True)
class Found:
    """What was found: the files of this page by project, all files by project, and what the answer lacks."""

    projects: Mapping[str, list[FoundFile]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    records: Mapping[str, Project] = field(default_factory=dict)
    more: bool = False
    messages: tuple[str, ...] = ()


def merged(
    projects: Iterable[Project], answers: Mapping[str, NodeAnswer | AppError], messages: Iterable[str], page: slice
) -> Found:
    """Return one page of all files, the best first. A file that several nodes have, or share, counts once."""
    records = {one.path: one for one in projects}
    files: dict[tuple[str, str], FoundFile] = {}
    counts: dict[str, int] = defaultdict(int)
    heard: set[str] = set()
    for node, answer in answers.items():
        if isinstance(answer, NodeAnswer):
            here = {path for path, one in records.items() if node in one.nodes}
            heard |= here
            files = {(one.project, one.path): one for one in answer.files if one.project in here} | files
            for path in here & answer.counts.keys():
                counts[path] = max(counts[path], answer.counts[path])
    ordered = sorted(files.values(), key=lambda file: (file.rank, -file.modified, file.project, file.path))
    shown: dict[str, list[FoundFile]] = {}
    for file in ordered[page]:
        shown.setdefault(file.project, []).append(file)
    said = [*messages, *_lacks(records, answers, heard)]
    return Found(shown, dict(counts), records, len(ordered) > page.stop, tuple(said))


def _lacks(records: Mapping[str, Project], answers: Mapping[str, NodeAnswer | AppError], heard: set[str]) -> list[str]:
    said = []
    for node, answer in answers.items():
        if isinstance(answer, NodeAnswer):
            said += [f"{node}: {answer.incomplete}"] if answer.incomplete else []
            continue
        silent = sum(1 for path, one in records.items() if node in one.nodes and path not in heard)
        if silent:  # no other node answered for them
            some = "1 project is" if silent == 1 else f"{silent} projects are"
            said.append(f"{node} did not answer, so {some} not searched. {answer.message} {answer.hint}".strip())
    return said
