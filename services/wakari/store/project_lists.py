# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of projects as pages show them. Each is read in the order of an index, from where the last page ended.

How many documents a page costs depends on what it shows, not on how many projects there are: a person's own and shared
ones are looked through whole at worst, of the public ones those with the longest word that is searched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wakari.store.records import Project
from wakari.store.repository import Repository

Place = tuple[str, str]  # owner and name of the last project of the page before
ORDER = (("owner", 1), ("name", 1))


class ProjectLists(Repository[Project]):
    """The projects, for lists."""

    kind = Project

    def own(self, owner: str, words: Sequence[str], after: Place | None, limit: int) -> list[Project]:
        """Return a person's projects in the order of their names."""
        return self._page({"owner": owner}, words, after, limit, "owner_name")

    def shared(
        self, user: str, groups: Iterable[str], words: Sequence[str], after: Place | None, limit: int
    ) -> list[Project]:
        """Return the projects of others in whose team the person is, by name or by one of these groups."""
        either: list[dict[str, Any]] = [{"members.user": user}]
        either += [{"groups.group": group} for group in sorted(groups)]
        return self._page({"$or": either, "owner": {"$ne": user}}, words, after, limit)

    def public(self, words: Sequence[str], after: Place | None, limit: int) -> list[Project]:
        """Return the public projects."""
        return self._page({"public": True}, words, after, limit, "public_words" if words else "public")

    def _page(
        self, where: Mapping[str, Any], words: Sequence[str], after: Place | None, limit: int, hint: str | None = None
    ) -> list[Project]:
        parts: list[Mapping[str, Any]] = [where]
        if words:
            parts.append({"words": {"$all": list(words)}})
        if after is not None:
            # The first condition is where the index begins; the second, on its keys, leaves out what was shown.
            owner, name = after
            parts += [{"owner": {"$gte": owner}}, {"$or": [{"owner": {"$gt": owner}}, {"name": {"$gt": name}}]}]
        return self._many({"$and": parts}, ORDER, limit, hint=hint)
