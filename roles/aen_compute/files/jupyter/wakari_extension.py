# SPDX-License-Identifier: GPL-3.0-or-later
"""What the platform's pages ask of a Jupyter server below `wakari/`: locks, shown directories, permissions, notices."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import wakari_acl
import wakari_locks
import wakari_team
from jupyter_server.base.handlers import APIHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado import web
from wakari_contents import ProjectContentsManager
from wakari_shown import ShownDirectories, ShownError


class Handler(APIHandler):
    """Asked by an open page every few seconds: nothing of it counts as somebody's activity."""

    _track_activity = False

    @property
    def contents(self) -> ProjectContentsManager:
        """Return the server's contents manager."""
        return self.contents_manager

    @property
    def shown(self) -> ShownDirectories:
        """Return the person's shown directories."""
        return self.contents.shown

    def body(self) -> dict[str, Any]:
        """Return the request's JSON object; 400 where it is none."""
        body = self.get_json_body()
        if not isinstance(body, dict):
            raise web.HTTPError(400, "Send a JSON object.")
        return body

    def file(self, path: object) -> str:
        """Return where an API path is on disk; 400 where it is none, 404 where it leads out of the tree."""
        if not isinstance(path, str):
            raise web.HTTPError(400, "Give the path of a file.")
        return self.contents._get_os_path(path.strip("/"))  # noqa: SLF001 - what Jupyter's own handlers call

    def answer(self, content: dict[str, Any]) -> None:
        """Send JSON."""
        self.finish(json.dumps(content))


class LockHandler(Handler):
    """`lock`: who edits a file. The lock is `{"user", "since", "mine"}` or null."""

    @web.authenticated
    async def get(self) -> None:
        """Say who holds it."""
        self._send(await asyncio.to_thread(wakari_locks.read, self.file(self.get_query_argument("path"))))

    @web.authenticated
    async def post(self) -> None:
        """Take it where it is free or one's own, or with `over` from its holder; say who holds it then."""
        body = self.body()
        over = body.get("over") is True
        self._send(await asyncio.to_thread(wakari_locks.take, self.file(body.get("path")), over=over))

    @web.authenticated
    async def delete(self) -> None:
        """Give one's own back; say who holds it then."""
        file = self.file(self.get_query_argument("path"))
        await asyncio.to_thread(wakari_locks.release, file)
        self._send(await asyncio.to_thread(wakari_locks.read, file))

    def _send(self, lock: wakari_locks.Lock | None) -> None:
        self.answer({"lock": None if lock is None else asdict(lock)})


class ShownHandler(Handler):
    """`directories`: what is shown besides the project, paths by name."""

    @web.authenticated
    async def get(self) -> None:
        """Say what is shown."""
        self.answer({"directories": self.shown.all()})

    @web.authenticated
    async def post(self) -> None:
        """Add `directory` to the tree; 400 with the reason where it cannot be."""
        try:
            name = await asyncio.to_thread(self.shown.add, str(self.body().get("directory") or ""))
        except ShownError as error:
            raise web.HTTPError(400, str(error)) from None
        except OSError as error:
            raise web.HTTPError(500, f"The list cannot be written: {error.strerror}.") from None
        self.answer({"name": name, "directories": self.shown.all()})

    @web.authenticated
    async def delete(self) -> None:
        """Take `name` out of the tree."""
        try:
            await asyncio.to_thread(self.shown.remove, self.get_query_argument("name"))
        except ShownError as error:
            raise web.HTTPError(404, str(error)) from None
        self.answer({"directories": self.shown.all()})


class PermissionsHandler(Handler):
    """`permissions`: the ACL of a file or folder."""

    @web.authenticated
    async def get(self) -> None:
        """Say what it is."""
        path = self.get_query_argument("path")
        self.answer(await self._described(path))

    @web.authenticated
    async def put(self) -> None:
        """Set `entries`, with `everything` also of all inside; say what it is then and what could not be changed."""
        body = self.body()
        file = self.file(body.get("path"))
        everything = body.get("everything") is True
        try:
            outcome = await asyncio.to_thread(wakari_acl.change, file, body.get("entries"), everything=everything)
        except wakari_acl.AclError as error:
            raise web.HTTPError(400, str(error)) from None
        except PermissionError:
            owner = (await self._described(body["path"]))["owner"]
            raise web.HTTPError(403, f"Only {owner}, whose it is, may change these permissions.") from None
        except OSError as error:
            raise web.HTTPError(400, f"The permissions cannot be set: {error.strerror}.") from None
        self.answer(await self._described(body["path"]) | {"outcome": asdict(outcome)})

    async def _described(self, path: str) -> dict[str, Any]:
        try:
            described = await asyncio.to_thread(wakari_acl.describe, self.file(path))
        except FileNotFoundError:
            raise web.HTTPError(404, f"There is no {path} any more.") from None
        except wakari_acl.AclError as error:
            raise web.HTTPError(400, str(error)) from None
        except OSError as error:
            raise web.HTTPError(403, f"{path}: {error.strerror}.") from None
        return described | {"path": path, "in_project": self.shown.split(path) is None}


class NoticesHandler(Handler):
    """`notices`: what was wrong with the settings of the team or the person when this server started."""

    @web.authenticated
    async def get(self) -> None:
        """Say it."""
        self.answer({"notices": wakari_team.problems})


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": Path(__file__).stem}]


def _load_jupyter_server_extension(app: ServerApp) -> None:
    handlers = {
        "lock": LockHandler,
        "directories": ShownHandler,
        "permissions": PermissionsHandler,
        "notices": NoticesHandler,
    }
    base = app.web_app.settings["base_url"]
    app.web_app.add_handlers(
        ".*$", [(url_path_join(base, "wakari", name), handler) for name, handler in handlers.items()]
    )
