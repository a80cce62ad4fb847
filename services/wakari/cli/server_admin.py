# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-server-admin: the administrator's command on the server node (docs/server.md, "Administrator's command")."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from wakari.cli import (
    account_verbs,
    backup_verbs,
    life_verbs,
    log_verbs,
    people_verbs,
    place_verbs,
    project_verbs,
    secret_verbs,
)
from wakari.cli import server_verbs as verbs
from wakari.cli.output import compiled, shown
from wakari.cli.verbs import Subparsers
from wakari.core.errors import AppError
from wakari.core.settings import SettingsError
from wakari.server import settings as settings_module
from wakari.server.services import build
from wakari.store import StoreUnavailable

EXIT_DONE, EXIT_REFUSED, EXIT_SETTINGS, EXIT_DATABASE = 0, 1, 3, 4


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    common = argparse.ArgumentParser(add_help=False)
    # SUPPRESS: the same option may stand before and after the verb, and neither place may undo the other.
    common.add_argument(
        "--output",
        choices=("table", "json"),
        help="how results are printed (default: table)",
        default=argparse.SUPPRESS,
    )
    common.add_argument(
        "--json", action="store_const", dest="output", const="json", help="--output json", default=argparse.SUPPRESS
    )
    common.add_argument(
        "--query", metavar="JMESPATH", help="what of the result to print (jmespath.org)", default=argparse.SUPPRESS
    )
    top = argparse.ArgumentParser("wk-server-admin", description="Administrate the server node.", parents=[common])
    top.add_argument("-c", metavar="FILE", dest="files", type=Path, action="append", default=[], help="settings file")
    entered = Subparsers(top, common, "VERB", dest="verb", required=True)
    verb = entered.verb
    account_verbs.enter(entered)
    life_verbs.enter(entered)
    people_verbs.enter(entered)
    project_verbs.enter(entered)
    place_verbs.enter(entered)
    verb("init-database", verbs.init_database, "create collections and indexes")
    ensure = verb("ensure-admin", verbs.ensure_admin, "create the first administrator where there is none of that name")
    ensure.add_argument("--name", default="wakari", help="user name (default: wakari)")
    ensure.add_argument(
        "--password-file", required=True, metavar="FILE", help="file with the password; - is standard input"
    )
    add = verb("add-user", verbs.add_user, "add a user")
    add.add_argument("name", metavar="NAME")
    verbs.user_options(add)
    password = verb("set-password", verbs.set_password, "set a user's password and end their sessions")
    password.add_argument("name", metavar="NAME")
    password.add_argument("--password-file", required=True, metavar="FILE")
    superuser = verb("superuser", verbs.superuser, "give or take the role superuser")
    which = superuser.add_mutually_exclusive_group(required=True)
    which.add_argument("--add", metavar="NAME")
    which.add_argument("--remove", metavar="NAME")
    verb("remove-user", verbs.remove_user, "close a user's account").add_argument("name", metavar="NAME")
    verbs.token_options(verb("issue-token", verbs.issue_token, "print a new API token of a user"))
    node = verb("add-enterprise-resource", verbs.add_resource, "register a compute node")
    node.add_argument("-i", required=True, dest="data_center", metavar="DATA_CENTER", help="id or name")
    node.add_argument("-u", required=True, dest="url", metavar="URL", help="http://host:5002")
    node.add_argument("-n", required=True, dest="name", metavar="NAME")
    node.add_argument("--description")
    forget = verb("remove-enterprise-resource", verbs.remove_resource, "forget a compute node")
    forget.add_argument("-n", required=True, dest="name", metavar="NAME")
    whole = verb("verify-log", log_verbs.verify_log, "say whether the security log is whole; exit 1 where it is not")
    whole.add_argument("--file", metavar="FILE", help="an export instead of the database")
    whole.add_argument("--expect", metavar="NUMBER:HASH", help="an entry noted earlier that must still be there")
    export = verb("export-log", log_verbs.export_log, "write the security log, one JSON object a line")
    export.add_argument("--file", default="-", metavar="FILE", help="a new file; default: print")
    _add_node_verbs(entered)
    return top


def _add_node_verbs(entered: Subparsers) -> None:
    """Add what is about the server node as a whole."""
    verb = entered.verb
    backup = verb("backup", backup_verbs.make_backup, "write database, secrets and settings of this node to one file")
    backup.add_argument("file", metavar="FILE", help="a new file; made readable by its owner alone")
    restore = verb("restore", backup_verbs.restore_backup, "put a backup in place; the services must be stopped")
    restore.add_argument("file", metavar="FILE", help="a file that backup wrote")
    restore.add_argument("--replace", action="store_true", help="also where the platform is in use: that is lost")
    rotate = "make the server's secret key anew and seal the gateways' secrets with it; restart the services then"
    verb("rotate-secret-key", secret_verbs.rotate_secret_key, rotate)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return its exit code."""
    arguments = parser().parse_args(argv)
    try:
        query = compiled(getattr(arguments, "query", None))
        services = build(settings_module.load(arguments.files))
        try:
            result = arguments.run(services, arguments)
        finally:
            services.store.close()
    except SettingsError as error:
        return _refuse(str(error), EXIT_SETTINGS)
    except StoreUnavailable as error:
        return _refuse(str(error), EXIT_DATABASE)
    except AppError as error:
        return _refuse(f"{error.message} {error.hint}".strip(), EXIT_REFUSED)
    if result != {}:
        print(shown(result, as_json=getattr(arguments, "output", "table") == "json", query=query))
    return EXIT_DONE


def _refuse(message: str, code: int) -> int:
    sys.stderr.write(f"wk-server-admin: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
