# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens an app: makes sure that its instance runs and answers, or says why it does not."""

from __future__ import annotations

import logging
import time
from typing import Any, Self

from pydantic import model_validator

from wakari.compute import manifests, readiness
from wakari.compute.helper_client import HelperClient
from wakari.compute.manifests import Manifest
from wakari.compute.settings import ComputeSettings
from wakari.core.errors import AppError
from wakari.core.messages import AppName, Level, Message, Person, ProjectSpec, instance_of
from wakari.helper import systemd, visitors
from wakari.helper.apps import require_at_least, require_level

log = logging.getLogger(__name__)
# Seconds. Asking systemd is a process of its own: twenty apps that start at once would wait for their watchers.
_POLL, _LONGEST_POLL = 0.1, 0.5
_LOOK = 1.0


class OpenApp(Message):
    """What a gateway asks: this app of this project for this person, whose level the server decided.

    `user` is None for somebody who has not signed in, whose level is `read`.
    """

    project: ProjectSpec
    user: Person | None
    level: Level
    app: AppName

    @model_validator(mode="after")
    def _visitors_read(self) -> Self:
        if self.user is None and self.level != "read":
            raise ValueError("without a user the level is read")
        return self


class Opening:
    """Opens apps with the node's settings."""

    def __init__(self, settings: ComputeSettings, helper: HelperClient) -> None:
        self._settings = settings
        self._helper = helper

    def open(self, asked: OpenApp) -> dict[str, Any]:
        """Return `instance`, `state` and `permission` once the app answers; repeated calls find it running.

        Raises:
            AppError: `app_unknown`, `app_forbidden`, `project_not_started`, `app_failed` (with `detail.log`), and what
                the helper raises.
        """
        spec, user = asked.project, asked.user.name if asked.user else None
        manifest = manifests.read(self._settings.below_prefix(self._settings.apps_dir), asked.app)
        # Both must allow it: what the server decided for this request, and the team it told.
        require_at_least(manifest, asked.level, spec, user)
        require_level(manifest, spec, user)
        account = visitors.runs_as(spec, user, self._settings.anonymous)
        self._require_project(spec)
        instance = instance_of(spec.owner.name, spec.name, account, asked.app)
        answer = {"instance": instance, "state": "running", "permission": manifest.permission}
        if self._answers(asked, manifest, instance) and systemd.app(instance) is not None:
            return answer
        log_file = self._settings.app_logs / spec.path / account / f"{asked.app}.log"
        start = readiness.size_of(log_file)
        begun = time.monotonic()
        try:
            person = asked.user.model_dump() if asked.user else None
            self._helper.call("launch-app", user or account, project=spec.model_dump(), user=person, app=asked.app)
            self._wait(asked, manifest, instance, user or account)
        except AppError as error:
            if error.code == "app_failed":
                error.detail["log"] = readiness.last_lines(log_file, start)
            raise
        log.info("app answers", extra={"instance": instance, "app": asked.app, "seconds": time.monotonic() - begun})
        return answer

    def _wait(self, asked: OpenApp, manifest: Manifest, instance: str, requested_by: str) -> None:
        deadline = time.monotonic() + self._settings.app_start_timeout
        look, pause = 0.0, _POLL
        while (now := time.monotonic()) < deadline:
            if self._answers(asked, manifest, instance):
                return
            if now >= look:
                if systemd.app(instance) is None:
                    what = "ended before it answered"
                    break
                look = time.monotonic() + _LOOK
            time.sleep(pause)
            pause = min(pause * 1.1, _LONGEST_POLL)
        else:
            what = f"did not answer within {self._settings.app_start_timeout:.0f} seconds"
        self._helper.call("stop-app", requested_by, instance=instance)
        raise _failed(manifest, what)

    def _answers(self, asked: OpenApp, manifest: Manifest, instance: str) -> bool:
        address = f"/{asked.project.path}/{asked.app}/{manifest.ready_path}"
        return readiness.answers(self._settings.run_dir / "apps" / instance / "app.sock", address)

    def _require_project(self, spec: ProjectSpec) -> None:
        if not (self._settings.project_root / spec.owner.name / spec.name).is_dir():
            raise AppError(
                "project_not_started",
                f"The project {spec.path} has not been started on this node.",
                hint="Start the project first.",
                status=409,
            )


def _failed(manifest: Manifest, what: str) -> AppError:
    return AppError(
        "app_failed",
        f"{manifest.title} {what}.",
        hint="The last lines of its log say why; start it again once the cause is gone.",
        status=502,
    )
