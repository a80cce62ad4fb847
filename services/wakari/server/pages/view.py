# SPDX-License-Identifier: GPL-3.0-or-later
"""What all pages share: the words and icons of states, who may see what, going back after a form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache, wraps
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from wakari.access import Action, Caller, has
from wakari.core.errors import AppError
from wakari.server import who
from wakari.server.markdown import rendered
from wakari.server.pages.admin_menu import ENTRIES, MENU
from wakari.server.pages.blueprint import blueprint
from wakari.server.services import services
from wakari.server.settings import ICONS
from wakari.server.who import SignedIn
from wakari.store import StoreUnavailable
from wakari.store.records import Project, Source

P = ParamSpec("P")
T = TypeVar("T")
# The live part of a page shows its description anew with every change. A text has some KiB, its HTML the like.
_markdown = lru_cache(maxsize=128)(rendered)

# state -> (icon, word, class of the design system)
STATES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "stopped": ("square-fill", "Stopped", "rest"),
        "starting": ("arrow-repeat", "Starting", "busy"),
        "running": ("circle-fill", "Running", "good"),
        "stopping": ("arrow-repeat", "Stopping", "busy"),
        "error": ("exclamation-triangle-fill", "Error", "bad"),
        "ok": ("check-circle-fill", "Healthy", "good"),
        "up": ("check-circle-fill", "Up", "good"),
        "degraded": ("exclamation-triangle-fill", "Degraded", "warn"),
        "down": ("exclamation-triangle-fill", "Down", "bad"),
        "unknown": ("question-circle-fill", "Not known yet", "rest"),
        "queued": ("hourglass-split", "Queued", "rest"),
        "done": ("check-circle-fill", "Done", "good"),
        "failed": ("exclamation-triangle-fill", "Failed", "bad"),
        "dead": ("x-lg", "Given up", "bad"),
        "cancelled": ("square-fill", "Cancelled", "rest"),
    }
)
TASKS: Mapping[str, str] = MappingProxyType(
    {
        "start-project": "Start",
        "stop-project": "Stop",
        "apply-permissions": "Apply rights",
        "apply-settings": "Apply SSH keys and limits",
        "remove-project": "Delete",
        "transfer-project": "Hand over",
        "move-project": "Move to other nodes",
    }
)
SOURCES: Mapping[Source, str] = MappingProxyType(
    {"local": "This server", "ldap": "LDAP", "oidc": "OpenID Connect", "pam": "PAM"}
)


@cache
def icon(name: str) -> Markup:
    """Return an icon as inline SVG, hidden from screen readers: words stand beside it."""
    svg = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    # Ours to trust: the files of this package.
    return Markup(svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))  # noqa: S704


def state(name: str) -> Mapping[str, object]:
    """Return icon, word and class of a state."""
    symbol, word, kind = STATES.get(name, STATES["unknown"])
    return {"icon": icon(symbol), "word": word, "kind": kind}


def ago(moment: datetime | None) -> str:
    """Return how long ago a moment is, in words; "never" for none."""
    if moment is None:
        return "never"
    seconds = int((datetime.now(UTC) - moment).total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


@blueprint.app_context_processor
def _context() -> dict[str, Any]:
    me = None if request.path.startswith("/api/") else who.by_cookie()
    caller = me.caller if me else Caller()

    def may(action: str, project: Project | None = None) -> bool:
        return has(caller, Action(action), project)

    return {
        "me": me,
        "may": may,
        "icon": icon,
        "state": state,
        "ago": ago,
        "markdown": _markdown,
        "task_words": TASKS,
        "sources": SOURCES,
        "static": services().settings.static_url,
        "announcement": _announcement,
        "admin_menu": MENU,
        "unread_exceptions": lambda: _unread(caller),
        "allowed": {entry.action for entry in ENTRIES if has(caller, entry.action)},
    }


def _announcement() -> str:
    """Return what the site announces; nothing while the database is away, which the page itself will tell."""
    try:
        return services().site.get().announcement
    except StoreUnavailable:
        return ""


def _unread(caller: Caller) -> int:
    """Return how many unexpected errors nobody read, for those who may."""
    try:
        return services().store.exceptions.unread() if has(caller, Action.EXCEPTION_READ) else 0
    except StoreUnavailable:
        return 0


def page(template: str, status: int = 200, **context: Any) -> tuple[str, int]:  # noqa: ANN401
    """Return a rendered page."""
    return render_template(template, **context), status


def signed_in(view: Callable[P, T]) -> Callable[P, T | Response]:
    """Return the view for signed-in people; others are sent to sign in, and back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T | Response:
        if who.by_cookie() is None:
            if request.headers.get("HX-Request"):
                return Response(status=200, headers={"HX-Redirect": "/login"})
            here = request.full_path.rstrip("?") if request.method == "GET" else "/"
            return redirect("/login" if here == "/" else f"/login?{urlencode({'next': here})}", 303)
        return view(*args, **kwargs)

    return guarded


def me() -> SignedIn:
    """Return the signed-in person; for views behind `signed_in`."""
    found = who.by_cookie()
    if found is None:
        abort(401)
    return found


def attempt(work: Callable[[], object], done: str = "") -> bool:
    """Run a change; tell the person what was done (where it does not show by itself), or why not.

    Returns whether it was done.
    """
    try:
        work()
    except AppError as error:
        flash(f"{error.message} {error.hint}".strip(), "bad")
        return False
    if done:
        flash(done, "good")
    return True


def back(path: str) -> Response:
    """Return the way to a page after a form (303: the browser gets it anew)."""
    return redirect(path, 303)


def field(name: str, limit: int = 1000) -> str:
    """Return a form's field, without surrounding space, bounded; empty where it is missing."""
    return request.form.get(name, "")[:limit].strip()
