# SPDX-License-Identifier: GPL-3.0-or-later
"""The four calls of the local socket, and who may make them about what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from wakari.compute.settings import ComputeSettings
from wakari.core.errors import AppError, BadInputError
from wakari.core.messages import Message, NodeName, ProjectName, UserName, first_problem
from wakari.core.reports import Act, AppKey, AppReport
from wakari.helper import limits, systemd
from wakari.helper.systemd import AppUnit
from wakari.monitor.reporter import Reporter
from wakari.monitor.watch import Watch, of_instance

Instance = Annotated[str, Field(pattern=r"^[0-9a-f]{20}$")]


class ListApps(Message):
    """What runs in the projects the person knows here, and the policy."""

    call: Literal["list"]


class StopApp(Message):
    """Stop an app: one's own, or one in a project of one's own."""

    call: Literal["stop"]
    instance: Instance


class SnoozeApp(Message):
    """Keep an app though nobody uses it, for some seconds from now; as for `stop`."""

    call: Literal["snooze"]
    instance: Instance
    seconds: float = Field(gt=0, allow_inf_nan=False)


class SetEnvironment(Message):
    """Make an environment the project's active one; the server decides."""

    call: Literal["set-environment"]
    owner: UserName
    project: ProjectName
    environment: NodeName


Call = ListApps | StopApp | SnoozeApp | SetEnvironment
_ADAPTER: TypeAdapter[Call] = TypeAdapter(Annotated[Call, Field(discriminator="call")])


_MEASURED = set(AppReport.model_fields) - set(AppKey.model_fields) - {"since"}


class Calls:
    """Answers people. Who they are was decided by the kernel; what they may is decided here."""

    def __init__(
        self,
        settings: ComputeSettings,
        watch: Watch,
        reporter: Reporter,
        units: Callable[[], list[AppUnit]] = systemd.apps,
    ) -> None:
        self._settings = settings
        self._watch = watch
        self._reporter = reporter
        self._units = units

    def answer(self, person: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of a call; AppError where it is none, or not this person's to make."""
        try:
            call = _ADAPTER.validate_python(content)
        except ValidationError as error:
            problem = first_problem(error, "call")
            raise BadInputError("request_invalid", f"The request breaks the contract: {problem}.") from error
        if isinstance(call, ListApps):
            return self._list(person)
        if isinstance(call, StopApp):
            self._watch.stop(self._own(person, call.instance).instance, person)
            return {"instance": call.instance, "state": "stopped"}
        if isinstance(call, SnoozeApp):
            unit = self._own(person, call.instance)
            return {"instance": unit.instance, "until": self._watch.snooze(unit.instance, call.seconds, person)}
        return self._set_environment(person, call)

    def _list(self, person: str) -> dict[str, Any]:
        units = self._units()
        known = _known(person, units)
        views = self._watch.views()
        apps = []
        for unit in units:
            if (unit.owner, unit.project) not in known:
                continue
            told: dict[str, Any] = {
                "instance": unit.instance,
                "owner": unit.owner,
                "project": unit.project,
                "user": unit.user,
                "app": unit.app,
                "since": unit.since,
                "may_stop": _is_own(person, unit),
                "snoozed_until": self._watch.snoozed_until(unit.instance) or None,
                "limits": limits.held(unit.control_group) if unit.control_group else {},
                "idle_timeout": self._watch.rule(unit.app).timeout,
            }
            view = of_instance(views, unit.instance)
            # One that began after the last look is not measured yet.
            told |= view.report().model_dump(include=_MEASURED) if view else dict.fromkeys(_MEASURED)
            apps.append(told)
        stopped = [
            one.model_dump()
            for one in self._watch.stopped()
            if person in {one.user, one.owner} or (one.owner, one.project) in known
        ]
        return {
            "apps": apps,
            "stopped": stopped,
            "policy": {
                "idle_timeout": self._settings.idle_timeout,
                "warning": self._settings.idle_warning,
                "snooze_max": self._settings.snooze_max,
                "interval": self._settings.report_interval,
            },
        }

    def _own(self, person: str, instance: str) -> AppUnit:
        """Return the app; AppError `app_not_running` where there is none, or it is none of this person's business."""
        unit = next((one for one in self._units() if one.instance == instance), None)
        if unit is None or not _is_own(person, unit):
            raise AppError(
                "app_not_running",
                "No app of yours, or of a project of yours, has this id.",
                hint="wk-apps list shows those that run.",
                status=404,
            )
        return unit

    def _set_environment(self, person: str, call: SetEnvironment) -> dict[str, Any]:
        if person != call.owner and (call.owner, call.project) not in _known(person, self._units()):
            raise AppError(
                "project_not_found",
                "You run no app in this project here.",
                hint="Open one of its apps first.",
                status=404,
            )
        return self._reporter.act(
            Act(
                node=self._settings.node_name,
                person=person,
                owner=call.owner,
                project=call.project,
                environment=call.environment,
            )
        )


def _known(person: str, units: list[AppUnit]) -> set[tuple[str, str]]:
    return {(unit.owner, unit.project) for unit in units if _is_own(person, unit)}


def _is_own(person: str, unit: AppUnit) -> bool:
    return person in {unit.user, unit.owner}
