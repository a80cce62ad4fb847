# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects as the API shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from wakari.access import Action, Caller, Level, has, level
from wakari.access.questions import not_found
from wakari.server.api.models.projects import MemberOut, ProgressOut, ProjectOut, ProjectUrls, TeamGroupOut
from wakari.server.services import services
from wakari.server.settings import AppButton
from wakari.store.records import DataCenter, Project


def app_url(data_center: DataCenter, project: Project, app: str) -> str:
    """Return the address of an app of the project on its gateway."""
    return f"{data_center.url}/{project.owner}/{project.name}/{app}/"


def page_url(owner: str, name: str) -> str:
    """Return the address of a project's page."""
    return f"{services().settings.url}/{owner}/{name}"


def offered(caller: Caller, project: Project) -> list[AppButton]:
    """Return the apps that the caller's level on the project opens, in the order of the settings."""
    held = level(caller, project)
    return [app for app in services().settings.apps if app.is_for(held)]


@dataclass
class Places:
    """Data centers and host names of nodes, looked up once for a whole list."""

    data_centers: dict[str, DataCenter | None] = field(default_factory=dict)
    hosts: dict[str, str | None] = field(default_factory=dict)

    def data_center(self, data_center: str) -> DataCenter | None:
        """Return the data center; None where it is not registered any more."""
        if data_center not in self.data_centers:
            self.data_centers[data_center] = services().store.data_centers.get(data_center)
        return self.data_centers[data_center]

    def ssh_hosts(self, caller: Caller, project: Project) -> list[str]:
        """Return the host names at which SSH opens the caller's account; none for who is not in the team."""
        in_team = level(caller, project.model_copy(update={"public": False})) > Level.NONE
        if not services().settings.ssh_keys or not in_team:
            return []
        for name in project.nodes:
            if name not in self.hosts:
                node = services().store.nodes.get(name)
                self.hosts[name] = urlsplit(node.url).hostname if node else None
        return [host for name in project.nodes if (host := self.hosts[name])]


def project_out(caller: Caller, project: Project, places: Places | None = None) -> ProjectOut:
    """Return the project as the API shows it to the caller. `places` saves look-ups within a list."""
    known = places or Places()
    place = known.data_center(project.data_center)
    return ProjectOut(
        owner=project.owner,
        name=project.name,
        summary=project.summary,
        description=project.description,
        public=project.public,
        environment=project.environment,
        data_center=place.name if place else project.data_center,
        nodes=list(project.nodes),
        tags=list(project.tags),
        stars=project.stars,
        state=project.state,
        reason=project.reason,
        progress=ProgressOut.model_validate(project.progress) if project.progress else None,
        members=[MemberOut(user=entry.user, role=entry.role) for entry in project.members],
        groups=[TeamGroupOut(group=entry.group, role=entry.role) for entry in project.groups],
        limits=project.limits,
        ssh_hosts=known.ssh_hosts(caller, project),
        created_at=project.created_at,
        urls=ProjectUrls(
            page=page_url(project.owner, project.name),
            apps={app.name: app_url(place, project, app.name) for app in offered(caller, project)} if place else {},
        ),
    )


def visible(caller: Caller, owner: str, name: str) -> Project:
    """Return the project; raise AppError 404 where there is none or the caller may not see it."""
    project = services().store.projects.get(owner, name)
    if project is None or not has(caller, Action.PROJECT_READ, project):
        raise not_found()
    return project
