# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-server-admin projects | tasks`."""

from __future__ import annotations

import argparse
from typing import get_args

from wakari.access.questions import not_found
from wakari.cli.verbs import ADMINISTRATOR, ALL, Result, Subparsers
from wakari.core.errors import BadInputError
from wakari.core.messages import Files
from wakari.projects.dead_letters import task_not_found
from wakari.server.api.models.projects import TaskOut
from wakari.server.services import Services
from wakari.store.records import Project, State, Task, TaskState, TaskVerb

NEWEST = 200  # tasks of a list


def enter(verbs: Subparsers) -> None:
    """Enter the verbs."""
    projects = verbs.things("projects", list_projects, "list and change projects")
    projects.filter("--owner", metavar="USER")
    projects.filter("--node", metavar="NODE")
    projects.filter("--state", choices=get_args(State))
    projects.action("show", show_project, "show a project", "OWNER/NAME")
    add = projects.action("add", add_project, "add a project", "OWNER/NAME")
    change = projects.action("change", change_project, "change a project", "OWNER/NAME")
    for one in (add, change):
        one.add_argument("--summary")
        one.add_argument("--description", metavar="MARKDOWN")
        shown = one.add_mutually_exclusive_group()
        shown.add_argument("--public", action="store_const", const=True, default=None)
        shown.add_argument("--private", action="store_const", const=False, dest="public")
    add.add_argument("--data-center", metavar="DATA_CENTER", help="id or name; default: the least loaded")
    add.add_argument("--node", dest="nodes", metavar="NODE", action="append", help="default: the least loaded")
    for name, help_ in (("start", "start a project"), ("stop", "stop a project with all of its apps")):
        projects.action(name, run_project, help_, "OWNER/NAME").set_defaults(life=name)
    move = projects.action("move", move_project, "move a project to other nodes of its data center", "OWNER/NAME")
    move.add_argument("--node", dest="nodes", metavar="NODE", action="append", required=True, help="each of its nodes")
    remove = projects.action("remove", remove_project, "stop a project, archive its files and remove it", "OWNER/NAME")
    remove.add_argument("--files", choices=get_args(Files), default="archive", help="what becomes of them")

    tasks = verbs.things("tasks", list_tasks, f"list the newest {NEWEST} tasks; decide over those that ended badly")
    tasks.filter("--state", choices=get_args(TaskState))
    tasks.filter("--verb", dest="task_verb", choices=get_args(TaskVerb))
    tasks.action("show", show_task, "show a task with its progress", "ID")
    tasks.action("requeue", requeue_task, "queue a task again that was given up or refused", "ID")
    tasks.action("discard", discard_task, "discard a task that was given up", "ID")


def list_projects(services: Services, arguments: argparse.Namespace) -> Result:
    """Return projects."""
    wanted = {"owner": arguments.owner, "nodes": arguments.node, "state": arguments.state}
    equal = {key: value for key, value in wanted.items() if value}
    return [
        {
            "owner": project.owner,
            "name": project.name,
            "state": project.state,
            "public": project.public,
            "nodes": list(project.nodes),
            "reason": project.reason,
        }
        for project in services.store.projects.page({}, None, ALL, equal)
    ]


def show_project(services: Services, arguments: argparse.Namespace) -> Result:
    """Return one project."""
    found = _project(services, arguments)
    place = services.store.data_centers.get(found.data_center)
    shown = found.model_dump(mode="json", exclude={"id", "task", "deleting"})
    return {**shown, "data_center": place.name if place else found.data_center}


def add_project(services: Services, arguments: argparse.Namespace) -> Result:
    """Add a project for its owner."""
    owner, name = _path(arguments)
    made = services.creation.create(
        ADMINISTRATOR,
        name,
        owner=owner,
        summary=arguments.summary or "",
        description=arguments.description or "",
        public=arguments.public,
        data_center=arguments.data_center,
        nodes=arguments.nodes,
    )
    return {"changed": True, "project": made.path, "nodes": list(made.nodes)}


def change_project(services: Services, arguments: argparse.Namespace) -> Result:
    """Change what is given; leave the rest."""
    found = _project(services, arguments)
    wanted = {name: getattr(arguments, name) for name in ("summary", "description", "public")}
    changed = services.creation.update(ADMINISTRATOR, found, **wanted)
    return {"changed": changed is not found, "project": found.path}


def run_project(services: Services, arguments: argparse.Namespace) -> Result:
    """Queue the task that starts or stops a project."""
    found = _project(services, arguments)
    task: Task = getattr(services.lifecycle, arguments.life)(ADMINISTRATOR, found)
    return _queued(found, task)


def move_project(services: Services, arguments: argparse.Namespace) -> Result:
    """Queue the task that moves a project to other nodes; one that was never started is there at once."""
    found = _project(services, arguments)
    moved = services.moving.move(ADMINISTRATOR, found, arguments.nodes)
    task = moved.task if moved.state == "stopping" else None
    return {"changed": moved is not found, "project": moved.path, "nodes": list(moved.nodes), "task": task}


def remove_project(services: Services, arguments: argparse.Namespace) -> Result:
    """Queue the task that removes a project."""
    found = _project(services, arguments)
    return _queued(found, services.lifecycle.delete(ADMINISTRATOR, found, files=arguments.files))


def _queued(found: Project, task: Task) -> Result:
    return {"changed": task.state == "queued", "project": found.path, "task": task.id, "state": task.state}


def list_tasks(services: Services, arguments: argparse.Namespace) -> Result:
    """Return the newest tasks."""
    wanted = {"state": arguments.state, "verb": arguments.task_verb}
    filters = {key: value for key, value in wanted.items() if value}
    return [
        {
            "id": task.id,
            "verb": task.verb,
            "project": task.project,
            "state": task.state,
            "priority": task.priority,
            "attempts": task.attempts,
            "error": (task.error or {}).get("message"),
            "created_at": task.created_at.isoformat(),
        }
        for task in services.store.tasks.page(requested_by=None, before=None, limit=NEWEST, filters=filters)
    ]


def show_task(services: Services, arguments: argparse.Namespace) -> Result:
    """Return one task."""
    found = services.store.tasks.get(arguments.id)
    if found is None:
        raise task_not_found()
    return TaskOut.of(found).model_dump(mode="json")


def requeue_task(services: Services, arguments: argparse.Namespace) -> Result:
    """Queue a task again."""
    task = services.dead_letters.requeue(ADMINISTRATOR, arguments.id)
    return {"changed": True, "task": task.id, "state": task.state}


def discard_task(services: Services, arguments: argparse.Namespace) -> Result:
    """Discard a dead task."""
    task = services.dead_letters.discard(ADMINISTRATOR, arguments.id)
    return {"changed": True, "task": task.id, "state": task.state}


def _path(arguments: argparse.Namespace) -> tuple[str, str]:
    owner, slash, name = getattr(arguments, "owner/name").partition("/")
    if not (owner and slash and name):
        raise BadInputError("project_path", "A project is named OWNER/NAME.", hint="For instance alice/demo.")
    return owner, name


def _project(services: Services, arguments: argparse.Namespace) -> Project:
    found = services.store.projects.get(*_path(arguments))
    if found is None:
        raise not_found()
    return found
