# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags and stars of projects, the lists they are found in, related projects, and with whom somebody works."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from wakari.access import Action, Caller, has, require
from wakari.core.errors import AppError, BadInputError
from wakari.store import Store
from wakari.store.base import Transaction
from wakari.store.project_lists import Place
from wakari.store.records import Project
from wakari.store.words import searched

Tab = Literal["own", "shared", "starred", "public"]
TAG = re.compile(r"[a-z0-9][a-z0-9-]{0,29}", re.ASCII)
MAX_TAGS = 20
MAX_STARS = 1000  # of one person: a bound on what a list of them reads
KNOWN = 200  # projects of a person's own, and of others they are in, that are looked at for what is related
RELATED = 5


@dataclass(frozen=True)
class Social:
    """Finds projects, and keeps what people say of them."""

    store: Store

    def tag(self, caller: Caller, project: Project, tags: Sequence[str], address: str = "") -> Project:
        """Return the project with these tags, in order, each once.

        Raises:
            BadInputError: `tag_invalid`, `too_many_tags`.
        """
        require(caller, Action.PROJECT_UPDATE, project)
        wanted = check_tags(tags)
        if wanted == project.tags:
            return project
        changed = self.store.projects.set_tags(project, wanted)
        if changed is None:
            raise AppError("project_not_found", "It was deleted or handed over meanwhile.", status=404)
        self.store.audit.add("project.update", caller.name, project.path, address, tags=",".join(wanted))
        return changed

    def star(self, caller: Caller, project: Project, *, given: bool) -> Project:
        """Return the project after the caller gave it a star, or took it back; unchanged where that is so already.

        Raises:
            AppError: `too_many_stars` (409).
        """
        require(caller, Action.PROJECT_READ, project)
        if given and self.store.stars.count(caller.name) >= MAX_STARS:
            raise AppError(
                "too_many_stars",
                f"A person has {MAX_STARS} stars to give.",
                hint="Take one back from another project first.",
                status=409,
            )

        def change(tx: Transaction) -> Project | None:
            stars = self.store.stars
            differs = (stars.add if given else stars.take)(project.id, caller.name, tx)
            if differs:
                return self.store.projects.add_stars(project.id, 1 if given else -1, tx)
            return self.store.projects.by_id(project.id, tx)

        changed = self.store.transaction(change)
        if changed is None:
            raise AppError("project_not_found", "The project was deleted meanwhile.", status=404)
        return changed

    def page(self, caller: Caller, tab: Tab, text: str, after: Place | None, limit: int) -> list[Project]:
        """Return one page of a list: projects in which each word of `text` begins a word of owner, name or tag."""
        words, lists = searched(text), self.store.project_lists
        if text.strip() and not words:
            return []
        if tab == "own":
            return lists.own(caller.name, words, after, limit)
        if tab == "shared":
            return lists.shared(caller.name, caller.groups, words, after, limit)
        if tab == "public":
            return lists.public(words, after, limit)
        found = self.store.projects.named(self.store.stars.of(caller.name, MAX_STARS))
        seen = [one for one in found if has(caller, Action.PROJECT_READ, one) and set(words) <= set(one.words)]
        later = [one for one in seen if after is None or (one.owner, one.name) > after]
        return sorted(later, key=lambda one: (one.owner, one.name))[:limit]

    def related(self, caller: Caller, project: Project) -> list[Project]:
        """Return projects the caller may see that share most with this one: a tag counts as much as two people.

        Looked for among the caller's own, those they are in, and the public ones with one of its tags.
        """
        candidates = {one.id: one for one in self._known(caller)}
        for tag in project.tags:
            candidates |= {one.id: one for one in self.store.project_lists.public([tag[:16]], None, 2 * RELATED)}
        candidates.pop(project.id, None)
        people = _people(project)
        score = {
            one.id: 2 * len({*one.tags} & {*project.tags}) + len(_people(one) & people - {caller.name})
            for one in candidates.values()
        }
        best = sorted((one for one in candidates.values() if score[one.id]), key=lambda one: (-score[one.id], one.path))
        return best[:RELATED]

    def collaborators(self, caller: Caller, limit: int) -> list[tuple[str, int]]:
        """Return with whom the caller is in most projects, by name, and in how many."""
        together = Counter(name for one in self._known(caller) for name in _people(one) if name != caller.name)
        return sorted(together.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]

    def tags(self, caller: Caller, limit: int) -> list[tuple[str, int]]:
        """Return the tags that are most frequent in the caller's projects, and in how many."""
        found = Counter(tag for one in self._known(caller) for tag in one.tags)
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]

    def _known(self, caller: Caller) -> list[Project]:
        lists = self.store.project_lists
        own = lists.own(caller.name, (), None, KNOWN)
        return [*own, *lists.shared(caller.name, caller.groups, (), None, KNOWN)]


def check_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Return the tags in order, each once; raise BadInputError `tag_invalid` or `too_many_tags`."""
    wanted = tuple(sorted(set(tags)))
    for tag in wanted:
        if not TAG.fullmatch(tag):
            raise BadInputError(
                "tag_invalid",
                f"{ascii(tag)[:50]} is not a tag.",
                hint="Use 1 to 30 lower-case letters, digits and '-', beginning with a letter or digit.",
            )
    if len(wanted) > MAX_TAGS:
        raise BadInputError("too_many_tags", f"A project has {MAX_TAGS} tags at most.", hint="Leave some out.")
    return wanted


def _people(project: Project) -> set[str]:
    return {project.owner, *(entry.user for entry in project.members)}
