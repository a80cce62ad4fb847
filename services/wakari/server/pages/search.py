# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of search: a form, what was found by project, one's saved searches."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import request
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from wakari.core.errors import AppError
from wakari.core.search import MAX_QUERY, MOST
from wakari.server.api.models.searches import MAX_SHOWN, HitOut
from wakari.server.api.searches import run
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page, signed_in
from wakari.server.services import services

HERE = "/search"
SHOWN = 25  # files of a page
FOLDED = 5  # projects that are shown unfolded


@blueprint.get(HERE)
@signed_in
def search() -> tuple[str, int]:
    """Return the page; without a query it shows what can be typed."""
    text = request.args.get("q", "")[: MAX_QUERY + 1].strip()
    project = request.args.get("project", "")[:100] or None
    raw = request.args.get("from", "0")
    offset = min(int(raw), MOST - MAX_SHOWN - 1) if raw.isascii() and raw.isdecimal() and len(raw) <= len("1000") else 0
    found, error = None, None
    if text:
        try:
            found = run(me().caller, text, project=project, offset=offset, limit=SHOWN)
        except AppError as refused:
            error = refused
    following = {"q": text, "from": offset + SHOWN} | ({"project": project} if project else {})
    return page(
        "search.html",
        error.status if error else 200,
        text=text,
        project=project,
        found=found,
        error=error,
        offset=offset,
        shown=sum(len(one.files) for one in found.projects) if found else 0,
        next=f"{HERE}?{urlencode(following)}" if found and found.more else None,
        saved=services().saved_searches.of(me().user.name),
        address=address,
        marked=marked,
        folded=FOLDED,
    )


@blueprint.post(f"{HERE}/save")
@signed_in
def save_search() -> Response:
    """Keep a search."""
    query = request.form.get("q", "")[: MAX_QUERY + 1].strip()
    name = me().user.name
    attempt(lambda: services().saved_searches.add(name, field("name", 101), query), "The search is saved.")
    return back(address(query))


@blueprint.post(f"{HERE}/remove")
@signed_in
def remove_search() -> Response:
    """Forget a saved search."""
    name, search_id = me().user.name, field("search", 64)
    attempt(lambda: services().saved_searches.remove(name, search_id), "The saved search is removed.")
    return back(HERE)


def address(query: str) -> str:
    """Return the address of the page that shows what is found for a query."""
    return f"{HERE}?{urlencode({'q': query})}" if query else HERE


def marked(hit: HitOut) -> Markup:
    """Return the line as HTML: escaped, with marks around what matched."""
    pieces, at = [], 0
    for begin, end in hit.spans:
        if at <= begin < end <= len(hit.text):
            pieces += [escape(hit.text[at:begin]), Markup("<mark>"), escape(hit.text[begin:end]), Markup("</mark>")]
            at = end
    return Markup("").join([*pieces, escape(hit.text[at:])])
