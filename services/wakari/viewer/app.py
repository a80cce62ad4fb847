# SPDX-License-Identifier: GPL-3.0-or-later
"""Viewer's pages: folders, text, pictures, notebooks, and every file as it is with `?raw=1`. GET and HEAD alone.

What a project holds must never run as script on the gateway's address, where other apps are: every answer carries a
policy that forbids all script (twice: no source, and a sandbox without scripts), and files leave as plain text, as
pictures or as downloads, whatever they are called.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from flask import Flask, Response, jsonify, render_template, request, send_file
from markupsafe import Markup

from wakari.core import logs, web
from wakari.core.errors import AppError
from wakari.viewer import files
from wakari.viewer.notebook import Renderer

MAX_TEXT = 1 << 20  # bytes of a text that are shown in a page
_READERS = (["read"], ["write"], ["admin"])
_SNIFFED = 8192  # bytes that decide whether a file is text
PICTURES = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox allow-same-origin allow-popups allow-downloads",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


@dataclass(frozen=True)
class Place:
    """What this instance shows: a project's folder, at an address, to one person or (`shared`) to all who may read."""

    project: Path
    url_prefix: str
    anaconda: Path
    person: str = pwd.getpwuid(os.getuid()).pw_name
    shared: bool = False

    def url(self, names: tuple[str, ...]) -> str:
        """Return the address of a file or folder; any bytes a name may hold are encoded."""
        return self.url_prefix + "/".join(quote(os.fsencode(name), safe="") for name in names)


def create_app(place: Place) -> Flask:
    """Return the application."""
    app = web.prepare(Flask(__name__))
    app.url_map.merge_slashes = False
    app.register_error_handler(AppError, _problem)
    app.jinja_env.globals.update(place=place, shown=_shown, size=_size, moment=_moment)
    renderer = Renderer(place.anaconda)

    @app.before_request
    def _authenticate() -> None:
        if place.shared:
            # The account is nobody's: whom the gateway lets read the project sees the same.
            if request.headers.getlist("X-Wakari-Level") not in _READERS:
                raise AppError("level_wrong", "This project is not open to you.", status=403)
        elif request.headers.getlist("X-Wakari-User") != [place.person]:
            raise AppError("person_wrong", "This Viewer is another person's.", status=403)

    @app.after_request
    def _harden(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    @app.get("/", defaults={"anything": ""})
    @app.get("/<path:anything>")
    def show(anything: str) -> Response | str:  # noqa: ARG001 - names may be any bytes: the raw path is looked at
        names = files.split(_below(place))
        try:
            with files.opened(place.project, names) as descriptor:
                return _answer(renderer, names, descriptor)
        except AppError as error:
            if error.code == "file_forbidden" and not names:
                return _only_public(place, error)
            raise

    return app


def _below(place: Place) -> str:
    path = os.fsdecode(request.environ["PATH_INFO"].encode("latin-1"))
    if not path.startswith(place.url_prefix):
        raise AppError("file_not_found", "There is no such file or folder.", status=404)
    return path.removeprefix(place.url_prefix)


def _answer(renderer: Renderer, names: tuple[str, ...], descriptor: int) -> Response | str:
    if files.is_folder(descriptor):
        return render_template("folder.html", names=names, folder=files.listing(descriptor))
    suffix = PurePosixPath(names[-1]).suffix.lower()
    if "raw" in request.args:
        return _raw(names[-1], suffix, descriptor)
    if suffix == ".ipynb":
        page = renderer.render(descriptor)
        before, body, rest = page.partition("<body")
        attributes, close, content = rest.partition(">")
        return before + body + attributes + close + render_template("bar.html", names=names, raw=True) + content
    text = None
    if suffix not in PICTURES:
        start = os.pread(descriptor, MAX_TEXT + 1, 0)
        text = start[:MAX_TEXT].decode("utf-8", "replace") if _is_text(start) else None
    return render_template(
        "file.html",
        names=names,
        text=text,
        picture=suffix in PICTURES,
        cut=text is not None and os.fstat(descriptor).st_size > MAX_TEXT,
        bytes=os.fstat(descriptor).st_size,
    )


def _raw(name: str, suffix: str, descriptor: int) -> Response:
    """Return the file's bytes, of a type that no browser runs."""
    kind = PICTURES.get(suffix)
    if kind is None and _is_text(os.pread(descriptor, _SNIFFED, 0)):
        kind = "text/plain"  # Flask adds charset=utf-8
    return send_file(
        os.fdopen(os.dup(descriptor), "rb"),
        mimetype=kind or "application/octet-stream",
        as_attachment=kind is None,
        download_name=_shown(name),
        conditional=False,
    )


def _only_public(place: Place, error: AppError) -> Response | str:
    """Return a page that leads to public/, for who may pass through the project and not list it."""
    try:
        with files.opened(place.project, ("public",)):
            pass
    except AppError:
        raise error from None
    return render_template("public.html", names=())


def _problem(error: AppError) -> tuple[Response | str, int]:
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return render_template("problem.html", names=(), error=error), error.status
    return jsonify(error.body(logs.request_id())), error.status


def _is_text(start: bytes) -> bool:
    return b"\0" not in start[:_SNIFFED]


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:  # noqa: PLR2004
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def _moment(seconds: float) -> Markup:
    when = datetime.fromtimestamp(seconds, UTC)
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), when.strftime("%Y-%m-%d %H:%M"))
