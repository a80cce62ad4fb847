# SPDX-License-Identifier: GPL-3.0-or-later
"""The table: the only place that knows who may do what. Everything else asks questions.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from wakari.access.levels import Level, SiteRole


class Action(StrEnum):
    """Everything that is allowed or refused."""

    PROJECT_CREATE = "project.create"
    PROJECT_CREATE_FOR = "project.create-for"
    PROJECT_READ = "project.read"
    PROJECT_SEARCH = "project.search"
    PROJECT_RUN = "project.run"
    PROJECT_UPDATE = "project.update"
    PROJECT_ENVIRONMENT = "project.environment"
    PROJECT_TEAM = "project.team"
    PROJECT_DELETE = "project.delete"
    PROJECT_TRANSFER = "project.transfer"
    PROJECT_LIMITS = "project.limits"
    PROJECT_MOVE = "project.move"
    USER_READ = "user.read"
    USER_WRITE = "user.write"
    USER_ROLES = "user.roles"
    USER_OFFBOARD = "user.offboard"
    MAIL_SEND = "mail.send"
    GROUP_READ = "group.read"
    GROUP_WRITE = "group.write"
    SETTING_READ = "setting.read"
    SETTING_WRITE = "setting.write"
    DATA_CENTER_READ = "data-center.read"
    DATA_CENTER_WRITE = "data-center.write"
    NODE_READ = "node.read"
    NODE_WRITE = "node.write"
    TASK_OWN = "task.own"
    TASK_READ_ALL = "task.read-all"
    TASK_MANAGE = "task.manage"
    TOKEN_OWN = "token.own"  # noqa: S105 - the name of an action
    AUTHORIZATION_OWN = "authorization.own"
    SSH_KEY_OWN = "ssh-key.own"
    SEARCH_OWN = "search.own"
    TOKEN_ALL = "token.all"  # noqa: S105 - the name of an action
    AUTHORIZATION_ALL = "authorization.all"
    APP_READ_ALL = "app.read-all"
    APP_STOP = "app.stop"
    EXCEPTION_READ = "exception.read"
    REPORT_READ = "report.read"
    LOG_READ = "log.read"
    FLEET_RUN = "fleet.run"


@dataclass(frozen=True)
class Rule:
    """Allowed for whoever has `level` on the project, or `site` on the site. None: that way is closed."""

    describe: str
    level: Level | None = None
    site: SiteRole | None = None


TABLE: Mapping[Action, Rule] = MappingProxyType(
    {
        Action.PROJECT_CREATE: Rule("Create a project of one's own", site=SiteRole.USER),
        Action.PROJECT_CREATE_FOR: Rule("Create a project that another person owns", site=SiteRole.SUPERUSER),
        Action.PROJECT_READ: Rule("See a project, its team and its state", Level.READ, SiteRole.STAFF),
        # As on gateways: a role on the site opens no files.
        Action.PROJECT_SEARCH: Rule("Search the files of a project", Level.READ),
        Action.PROJECT_RUN: Rule("Start and stop a project", Level.WRITE, SiteRole.SUPERUSER),
        Action.PROJECT_UPDATE: Rule("Change summary and visibility of a project", Level.ADMIN, SiteRole.SUPERUSER),
        Action.PROJECT_ENVIRONMENT: Rule("Choose the active environment of a project", Level.WRITE, SiteRole.SUPERUSER),
        Action.PROJECT_TEAM: Rule("Add, change and remove people in a team", Level.ADMIN, SiteRole.SUPERUSER),
        Action.PROJECT_DELETE: Rule("Delete a project", Level.ADMIN, SiteRole.SUPERUSER),
        # To somebody of the team; to anybody else only who may create projects for others.
        Action.PROJECT_TRANSFER: Rule("Hand a project over to another owner", Level.ADMIN, SiteRole.SUPERUSER),
        Action.PROJECT_LIMITS: Rule("Limit what a project may use of its nodes", site=SiteRole.SUPERUSER),
        Action.PROJECT_MOVE: Rule("Move a project to other nodes of its data center", site=SiteRole.SUPERUSER),
        Action.USER_READ: Rule("List accounts and see them", site=SiteRole.STAFF),
        Action.USER_WRITE: Rule("Add and remove accounts that hold no role on the site", site=SiteRole.STAFF),
        Action.USER_ROLES: Rule("Add and remove accounts that hold a role on the site", site=SiteRole.SUPERUSER),
        # It gives projects to a person: staff, who hold no level on projects, would give away what they do not have.
        Action.USER_OFFBOARD: Rule("Close an account and hand its projects over", site=SiteRole.SUPERUSER),
        Action.MAIL_SEND: Rule("Send a message to people by mail", site=SiteRole.STAFF),
        Action.GROUP_READ: Rule("List groups of users and who is in them", site=SiteRole.USER),
        # A group opens projects: who changes it gives away what it holds. Staff hold no level on projects.
        Action.GROUP_WRITE: Rule("Add, change and remove groups of users", site=SiteRole.SUPERUSER),
        Action.SETTING_READ: Rule("See the settings of the site", site=SiteRole.STAFF),
        Action.SETTING_WRITE: Rule("Change the settings of the site", site=SiteRole.SUPERUSER),
        Action.DATA_CENTER_READ: Rule("List data centers and their health", site=SiteRole.USER),
        Action.DATA_CENTER_WRITE: Rule("Register, change and remove data centers", site=SiteRole.SUPERUSER),
        Action.NODE_READ: Rule("List compute nodes", site=SiteRole.STAFF),
        Action.NODE_WRITE: Rule("Register, change, drain and remove compute nodes", site=SiteRole.SUPERUSER),
        Action.TASK_OWN: Rule("See one's own tasks, and those of projects one may see", site=SiteRole.USER),
        Action.TASK_READ_ALL: Rule("See everybody's tasks", site=SiteRole.STAFF),
        Action.TASK_MANAGE: Rule("Queue a task again that ended badly, discard a dead one", site=SiteRole.SUPERUSER),
        Action.TOKEN_OWN: Rule("List and revoke one's own API tokens", site=SiteRole.USER),
        Action.AUTHORIZATION_OWN: Rule("List and revoke what gateways may do in one's own name", site=SiteRole.USER),
        Action.SSH_KEY_OWN: Rule("List, add and remove one's own SSH keys", site=SiteRole.USER),
        Action.SEARCH_OWN: Rule("Search, and keep one's own searches", site=SiteRole.USER),
        Action.TOKEN_ALL: Rule("List and revoke everybody's API tokens", site=SiteRole.SUPERUSER),
        Action.AUTHORIZATION_ALL: Rule(
            "List and revoke what gateways may do in everybody's name", site=SiteRole.SUPERUSER
        ),
        Action.APP_READ_ALL: Rule("List the apps that run on all nodes", site=SiteRole.STAFF),
        Action.APP_STOP: Rule("Stop one app of another person", site=SiteRole.SUPERUSER),
        Action.EXCEPTION_READ: Rule("See unexpected errors of the services, mark them as read", site=SiteRole.STAFF),
        Action.REPORT_READ: Rule("See what happened on the site in a day, a week or a month", site=SiteRole.STAFF),
        Action.FLEET_RUN: Rule("Run jobs over all machines of the site and watch them", site=SiteRole.SUPERUSER),
        Action.LOG_READ: Rule("Read the security log of the site and take it away", site=SiteRole.SUPERUSER),
    }
)
