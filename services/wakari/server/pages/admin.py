# SPDX-License-Identifier: GPL-3.0-or-later
"""Administration: users, data centers, compute nodes, task queue, security log."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Literal, ParamSpec, TypeVar

from flask import request
from werkzeug.wrappers import Response

from wakari.access import Action, require_site
from wakari.accounts import passwords
from wakari.core.errors import AppError
from wakari.projects.sites import data_center_unknown, node_unknown
from wakari.server import who
from wakari.server.api.activity import node_activity
from wakari.server.api.users import remove_account, require_for
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import SOURCES, attempt, back, field, me, page, signed_in
from wakari.server.services import services

P = ParamSpec("P")
T = TypeVar("T")
PAGE = 50
LOG_LINES = 100


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


@blueprint.get("/admin/users")
@needs(Action.USER_READ)
def admin_users() -> tuple[str, int]:
    """Return the accounts, page by page."""
    return _users()


@blueprint.post("/admin/users")
@needs(Action.USER_WRITE)
def admin_add_user() -> Response | tuple[str, int]:
    """Add an account; a generated password is shown this once, in the answer itself."""
    roles = [role for role in ("staff", "superuser") if field(role)]
    name = field("name")
    password = request.form.get("password", "")
    generated = "" if password else passwords.generate()
    try:
        require_site(me().caller, Action.USER_ROLES if roles else Action.USER_WRITE)
        user = services().accounts.add(
            name,
            password or generated,
            actor=me().user.name,
            full_name=field("full_name"),
            email=field("email"),
            roles=roles,
            address=who.address(),
        )
    except AppError as error:
        return _users(error.status, error=error, form=request.form)
    return _users(added=user, generated=generated)


@blueprint.post("/admin/users/remove")
@needs(Action.USER_WRITE)
def admin_remove_user() -> Response:
    """Close an account."""
    name = field("name")

    def remove() -> None:
        user = services().accounts.get(name)
        require_for(me().caller, user)
        remove_account(user, me().user.name)

    attempt(remove, f"The account of {name} is closed.")
    return back("/admin/users")


@blueprint.post("/admin/users/role")
@needs(Action.USER_ROLES)
def admin_role() -> Response:
    """Give or take a role."""
    name, actor = field("name"), me().user.name
    role: Literal["staff", "superuser"] = "superuser" if field("role") == "superuser" else "staff"
    accounts = services().accounts
    change = accounts.give_role if field("give") else accounts.take_role
    attempt(lambda: change(name, role, actor=actor, address=who.address()), f"The roles of {name} are changed.")
    return back("/admin/users")


@blueprint.get("/admin/data-centers")
@needs(Action.NODE_READ)
def admin_data_centers() -> tuple[str, int]:
    """Return the data centers with their health and nodes."""
    store = services().store
    found = store.data_centers.all()
    nodes = {center.id: store.nodes.of(center.id) for center in found}
    return page("admin/data_centers.html", tab="data-centers", data_centers=found, nodes=nodes)


@blueprint.post("/admin/data-centers/remove")
@needs(Action.DATA_CENTER_WRITE)
def admin_remove_data_center() -> Response:
    """Forget a data center without nodes and projects."""
    name, actor = field("name"), me().user.name

    def remove() -> None:
        found = services().store.data_centers.find(name)
        if found is None:
            raise data_center_unknown()
        services().sites.remove(found, actor=actor, address=who.address())

    attempt(remove, f"The data center {name} is removed.")
    return back("/admin/data-centers")


@blueprint.get("/admin/nodes")
@needs(Action.NODE_READ)
def admin_nodes() -> tuple[str, int]:
    """Return the compute nodes."""
    return _nodes()


@blueprint.post("/admin/nodes")
@needs(Action.NODE_WRITE)
def admin_add_node() -> Response | tuple[str, int]:
    """Register a compute node."""
    try:
        node = services().sites.add_node(
            field("name"),
            field("data_center"),
            field("url"),
            field("description"),
            actor=me().user.name,
            address=who.address(),
        )
    except AppError as error:
        return _nodes(error.status, error=error, form=request.form)
    attempt(lambda: None, f"The node {node.name} is registered. Its gateway needs its key: run the playbook.")
    return back("/admin/nodes")


@blueprint.post("/admin/nodes/remove")
@needs(Action.NODE_WRITE)
def admin_remove_node() -> Response:
    """Forget a compute node."""
    name, actor = field("name"), me().user.name
    attempt(
        lambda: services().sites.remove_node(name, actor=actor, address=who.address()), f"The node {name} is removed."
    )
    return back("/admin/nodes")


@blueprint.post("/admin/nodes/drain")
@needs(Action.NODE_WRITE)
def admin_drain_node() -> Response:
    """Give a node no new projects, or give it some again."""
    name, drained, actor = field("name"), bool(field("drained")), me().user.name

    def drain() -> None:
        found = services().store.nodes.get(name)
        if found is None:
            raise node_unknown()
        services().sites.change_node(found, drained=drained, actor=actor, address=who.address())

    attempt(drain, f"{name} gets no new projects from now on." if drained else f"{name} gets new projects again.")
    return back("/admin/nodes")


@blueprint.get("/admin/permissions")
@needs(Action.NODE_READ)
def admin_permissions() -> tuple[str, int]:
    """Return the projects whose files differ from their permissions."""
    drifts = services().store.drifts
    checked, wrong = drifts.summary()
    found = drifts.worst(LOG_LINES)
    return page("admin/permissions.html", tab="permissions", drifts=found, checked=checked, wrong=wrong)


def _users(status: int = 200, **context: object) -> tuple[str, int]:
    after, chosen = request.args.get("after", ""), source_asked()
    found = services().store.users.page(after, PAGE + 1, chosen)
    more = found[PAGE - 1].name if len(found) > PAGE else None
    owned = services().store.projects.owned_counts(user.name for user in found[:PAGE])
    return page(
        "admin/users.html",
        status,
        tab="users",
        users=found[:PAGE],
        owned=owned,
        more=more,
        chosen=chosen.get("source", ""),
        **context,
    )


def _nodes(status: int = 200, **context: object) -> tuple[str, int]:
    store = services().store
    nodes = store.nodes.page("", 0)
    load = store.projects.load(node.name for node in nodes)
    centers = store.data_centers.all()
    names = {center.id: center.name for center in centers}
    return page(
        "admin/nodes.html",
        status,
        tab="nodes",
        nodes=nodes,
        activity={node.name: node_activity(node) for node in nodes},
        load=load,
        data_centers=centers,
        names=names,
        **context,
    )
