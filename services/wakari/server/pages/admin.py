# SPDX-License-Identifier: GPL-3.0-or-later
"""Administration: its first page, and what all of its pages share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import request
from werkzeug.wrappers import Response

from wakari.access import Action, require_site
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import SOURCES, me, page, signed_in
from wakari.server.services import services

P = ParamSpec("P")
T = TypeVar("T")
PAGE = 50


def needs(action: Action) -> Callable[[Callable[P, T]], Callable[P, T | Response]]:
    """Return a decorator for views of signed-in people who may do this on the site."""

    def decorate(view: Callable[P, T]) -> Callable[P, T | Response]:
        @signed_in
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            require_site(me().caller, action)
            return view(*args, **kwargs)

        return guarded

    return decorate


def source_asked() -> dict[str, str]:
    """Return the filter by the source that a list's address asks for; an empty one where it names none there is."""
    asked = request.args.get("source", "")
    return {"source": asked} if asked in SOURCES else {}


@blueprint.get("/admin")
@needs(Action.TASK_READ_ALL)
def admin() -> tuple[str, int]:
    """Return the numbers that tell how the site is."""
    store = services().store
    numbers = {
        "Users": store.users.count(),
        "Projects": store.projects.count(),
        "Running projects": store.projects.count(state="running"),
        "Projects in error": store.projects.count(state="error"),
        "Tasks waiting": store.tasks.count("queued"),
        "Tasks at work": store.tasks.count("running"),
    }
    return page("admin/overview.html", tab="overview", numbers=numbers, data_centers=store.data_centers.all())
