# SPDX-License-Identifier: GPL-3.0-or-later
"""The argument specifications of the modules, which their documentation says in words (held equal by ansible-test)."""

from __future__ import annotations

from typing import Any

Spec = dict[str, dict[str, Any]]
NAME: Spec = {"name": {"type": "str", "required": True}}
OWNER_NAME: Spec = {"owner": {"type": "str", "required": True}, **NAME}
PROJECT: Spec = {"project": {"type": "str", "required": True}}
APPEND: Spec = {"append": {"type": "bool", "default": False}}
PURGE: Spec = {"purge": {"type": "bool", "default": False}}
TEXT: dict[str, Any] = {"type": "str"}
NAMES: dict[str, Any] = {"type": "list", "elements": "str"}
ROLE: Spec = {"role": {"type": "str", "choices": ["member", "viewer"], "default": "member"}}
PROJECT_ROOT: Spec = {"project_root": {"type": "path", "default": "/projects"}}
STATES = ["stopped", "starting", "running", "stopping", "error"]
REMOVAL: Spec = {
    "files": {**TEXT, "choices": ["archive", "delete"], "default": "archive"},
    "wait_timeout": {"type": "int", "default": 120},
}


def user_options() -> Spec:
    """Return the options of one account."""
    return {
        **NAME,
        "full_name": TEXT,
        "email": TEXT,
        "roles": {**NAMES, "choices": ["staff", "superuser"]},
        "initial_password": {**TEXT, "no_log": True},
        # Says when, not what: it may be logged, whatever its name has in it.
        "update_password": {**TEXT, "choices": ["on_create", "always"], "default": "on_create", "no_log": False},
    }


def group_options() -> Spec:
    """Return the options of one group."""
    return {**_group(), **APPEND}


def project_options() -> Spec:
    """Return the options of one project."""
    return {**_project(), "former_owner": TEXT, **APPEND, **REMOVAL}


def users_options() -> Spec:
    """Return the options of many accounts."""
    return {"users": _many(user_options()), **PURGE}


def groups_options() -> Spec:
    """Return the options of many groups."""
    return {"groups": _many(_group()), **APPEND, **PURGE}


def projects_options() -> Spec:
    """Return the options of many projects."""
    return {"projects": _many(_project()), **APPEND, **PURGE, **REMOVAL}


def by_source() -> Spec:
    """Return what a list of accounts or groups can be limited to."""
    return {"name": TEXT, "source": {**TEXT, "choices": ["local", "ldap", "pam", "oidc"]}}


def project_filters() -> Spec:
    """Return what a list of projects can be limited to."""
    return {"owner": TEXT, "node": TEXT, "state": {**TEXT, "choices": STATES}}


def member_options() -> Spec:
    """Return the options of one person or group in a team."""
    return {**PROJECT, "user": TEXT, "group": TEXT, **ROLE}


def project_state_options() -> Spec:
    """Return the options of a start or stop."""
    return {**PROJECT, "wait": {"type": "bool", "default": True}, "wait_timeout": {"type": "int", "default": 300}}


def data_center_options() -> Spec:
    """Return the options of a data center."""
    return {**NAME, "url": TEXT, "summary": TEXT, "secret_dest": {"type": "path", "no_log": False}}


def compute_node_options() -> Spec:
    """Return the options of a compute node."""
    return {**NAME, "url": TEXT, "data_center": TEXT, "description": TEXT}


def token_options() -> Spec:
    """Return the options of an API token."""
    return {
        **NAME,
        "expires_in": {"type": "int", "default": 2592000},
        "renew_before": {"type": "int", "default": 86400},
        "secret_dest": {"type": "path", "no_log": False},
    }


def setting_options() -> Spec:
    """Return the settings."""
    return {
        "default_visibility": {**TEXT, "choices": ["public", "private", "default"]},
        "announcement": TEXT,
        "anonymous_reading": {"type": "bool"},
        "open_registration": {"type": "bool"},
        "registration_approval": {"type": "bool"},
        # A number of characters, no password.
        "password_min_length": {"type": "int", "no_log": False},
    }


def _group() -> Spec:
    return {**NAME, "summary": TEXT, "members": NAMES}


def _project() -> Spec:
    return {
        **OWNER_NAME,
        "summary": TEXT,
        "description": TEXT,
        "public": {"type": "bool"},
        "tags": NAMES,
        "members": _entries("user"),
        "groups": _entries("group"),
        "data_center": TEXT,
        "nodes": NAMES,
    }


def _entries(key: str) -> dict[str, Any]:
    return {"type": "list", "elements": "dict", "options": {key: {**TEXT, "required": True}, **ROLE}}


def _many(options: Spec) -> dict[str, Any]:
    return {"type": "list", "elements": "dict", "required": True, "options": options}


def acl_options() -> Spec:
    """Return the options of a look at a project's files."""
    return {**PROJECT, "examples": {"type": "int", "default": 20}}


def environment_options() -> Spec:
    """Return the options of a project's environment."""
    states = {"type": "str", "choices": ["present", "absent"], "default": "present"}
    return {
        **PROJECT,
        **NAME,
        "packages": {**NAMES, "default": []},
        "channels": NAMES,
        **PROJECT_ROOT,
        "force": {"type": "bool", "default": False},
        "state": states,
    }


def environment_info_options() -> Spec:
    """Return the options of a list of environments."""
    return {"project": TEXT, **PROJECT_ROOT}
