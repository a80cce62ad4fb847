# SPDX-License-Identifier: GPL-3.0-or-later
"""The files Jupyter shows: the project's and those of shown directories, with other people's locks kept.

Runs inside the root distribution's Python, as the person: only Jupyter and the standard library may be imported.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import wakari_git
import wakari_locks
from jupyter_core.paths import jupyter_config_dir
from jupyter_server.base.handlers import AuthenticatedFileHandler
from jupyter_server.services.contents.filecheckpoints import AsyncFileCheckpoints
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado.web import HTTPError
from traitlets import default
from wakari_shown import ShownDirectories, is_directory


def shown_path(shown: ShownDirectories, path: str) -> str | None:
    """Return where an API path leads that is in a shown directory; None for one of the project.

    Raises:
        HTTPError: 404, where it would lead out of the directory.
    """
    found = shown.split(path)
    if found is None:
        return None
    directory, rest = found
    parts = [part for part in rest.split("/") if part]
    if "\0" in rest or any(part in (".", "..") for part in parts):
        raise HTTPError(404, f"{path} is outside of the directory")
    return str(Path(directory, *parts))


class ProjectCheckpoints(AsyncFileCheckpoints):
    """Checkpoints beside each file, in shown directories too."""

    def _get_os_path(self, path: str) -> str:
        return shown_path(self.parent.shown, path) or super()._get_os_path(path)

    def checkpoint_path(self, checkpoint_id: str, path: str) -> str:
        """Return where a checkpoint is: in /tmp, which is the app's own, where the folder cannot be written."""
        file = self._get_os_path(path.strip("/"))
        folder, name = os.path.split(file)
        if self.parent.shown.split(path) is None or os.access(folder, os.W_OK):
            return super().checkpoint_path(checkpoint_id, path)
        place = Path(tempfile.gettempdir()) / "jupyter_checkpoints" / hashlib.sha256(folder.encode()).hexdigest()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return str(place / f"{Path(name).stem}-{checkpoint_id}{Path(name).suffix}")


class ProjectFiles(AuthenticatedFileHandler):
    """Downloads, from shown directories too."""

    async def get(self, path: str, **options: object) -> None:
        """Send a file; 404 where it is not there."""
        found = self.contents_manager.shown.split(path)
        if found is not None:
            self.root, path = found
        await super().get(path, **options)


class ProjectContentsManager(AsyncLargeFileManager):
    """Files of a team: what somebody else edits is read-only, and what is shown from elsewhere is in the tree."""

    @default("checkpoints_class")
    def _default_checkpoints_class(self) -> type:
        return ProjectCheckpoints

    @default("files_handler_class")
    def _default_files_handler_class(self) -> type:
        return ProjectFiles

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.shown = ShownDirectories(Path(jupyter_config_dir()), Path(self.root_dir))

    def _get_os_path(self, path: str) -> str:
        return shown_path(self.shown, path) or super()._get_os_path(path)

    async def get(self, path: str, content: bool = True, **options: object) -> dict[str, Any]:
        """Return the model of a file or folder, as Jupyter does; not writable where somebody else holds the lock."""
        model = await super().get(path, content=content, **options)
        if model["type"] == "directory":
            if content and not path.strip("/"):
                model["content"].extend(await self._shown_models())
            await asyncio.to_thread(wakari_git.trust_repository, self._get_os_path(path))
        elif await asyncio.to_thread(wakari_locks.held_by_another, self._get_os_path(path)):
            model["writable"] = False
        return model

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """Save, unless somebody else edits the file: then 423 says who, and since when."""
        await self._refuse_locked(path, "save it")
        return await super().save(model, path)

    async def delete_file(self, path: str) -> None:
        """Delete, with the same refusal; never a shown directory itself."""
        self._refuse_shown(path)
        await self._refuse_locked(path, "delete it")
        await super().delete_file(path)
        await asyncio.to_thread(wakari_locks.release, self._get_os_path(path))

    async def rename_file(self, old_path: str, new_path: str) -> None:
        """Rename or move, with the same refusals; one's own lock goes with the file."""
        self._refuse_shown(old_path)
        self._refuse_shown(new_path)
        await self._refuse_locked(old_path, "rename or move it")
        await super().rename_file(old_path, new_path)
        await asyncio.to_thread(wakari_locks.move, self._get_os_path(old_path), self._get_os_path(new_path))

    async def _shown_models(self) -> list[dict[str, Any]]:
        models = []
        for name, directory in sorted(self.shown.all().items()):
            if await asyncio.to_thread(is_directory, directory):
                models.append(await super().get(name, content=False, type="directory"))
        return models

    async def _refuse_locked(self, path: str, deed: str) -> None:
        lock = await asyncio.to_thread(wakari_locks.held_by_another, self._get_os_path(path))
        if lock is not None:
            since = time.strftime("%H:%M", time.localtime(lock.since))
            message = f"{lock.user} has been editing {path.strip('/')} since {since}. Take the lock over to {deed}."
            raise HTTPError(423, message, reason="Locked")

    def _refuse_shown(self, path: str) -> None:
        found = self.shown.split(path)
        if found is not None and not found[1].strip("/"):
            name = path.strip("/")
            raise HTTPError(403, f'{name} is {found[0]}, added to the tree. "Hide directory" takes it out again.')
