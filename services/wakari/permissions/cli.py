# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-permissions`: compare a project's files with the rule, put them right, explain. Run as root on a compute node."""

from __future__ import annotations

import argparse
import json
import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from wakari.core.errors import AppError, BadInputError
from wakari.core.settings import SettingsError
from wakari.helper import settings
from wakari.helper.applying import Applying
from wakari.permissions import explain
from wakari.permissions.report import Report, printable

# Exit status, as docs/permissions.md lists them.
GOOD, WRONG, USAGE, FAILED = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 all is right (or was put right), 1 `check` found something wrong, 2 usage, 3 failed."""
    options = _parser().parse_args(arguments)
    if os.geteuid() != 0:
        sys.stderr.write("wk-permissions must run as root: it reads and changes files of all people.\n")
        return USAGE
    try:
        if options.verb == "explain":
            return _explain(options.user, options.path)
        report = _apply(options.project, write=options.verb == "repair")
    except AppError as error:
        sys.stderr.write(f"wk-permissions: {error.message} {error.hint}\n")
        return FAILED
    except SettingsError as error:
        sys.stderr.write(f"wk-permissions: {error}\n")
        return FAILED
    sys.stdout.write(json.dumps(report.as_dict(), indent=1) + "\n" if options.json else _text(report))
    return WRONG if report.wrong > report.changed else GOOD


def _apply(name: str, *, write: bool) -> Report:
    owner, _, project = name.partition("/")
    applying = Applying(settings.load())
    spec = applying.remembered(owner, project)
    if not write:
        return applying.apply(spec, write=False)
    with applying.lock(spec, lambda: sys.stderr.write("wk-permissions: waiting for another change of the project\n")):
        return applying.apply(applying.remembered(owner, project), write=True)


def _explain(user: str, path: Path) -> int:
    try:
        account = pwd.getpwnam(user)
    except KeyError as error:
        raise BadInputError("account_missing", f"There is no account {user!r} on this node.") from error
    if not path.is_absolute() or ".." in path.parts:
        raise BadInputError("path_invalid", f"{printable(str(path))} is not an absolute path without '..'.")
    groups = os.getgrouplist(user, account.pw_gid)
    try:
        steps = explain.walk(path, account.pw_uid, groups)
    except OSError as error:
        raise BadInputError("path_invalid", f"{printable(str(path))}: {error.strerror}.") from error
    sys.stdout.write("\n".join(explain.sentences(user, path, steps)) + "\n")
    return GOOD


def _text(report: Report) -> str:
    lines = [f"{report.checked} checked, {report.wrong} wrong, {report.changed} put right"]
    lines += [f"  skipped {number}: {reason}" for reason, number in sorted(report.skipped.items()) if number]
    for problem in report.problems:
        lines.append(f"  {printable(problem.path)} (uid {problem.uid}): {problem.found} instead of {problem.wanted}")
    if report.wrong > len(report.problems):
        lines.append(f"  and {report.wrong - len(report.problems)} more")
    return "\n".join(lines) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wk-permissions", description=__doc__, allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, what in (("check", "say what is wrong; change nothing"), ("repair", "put right what is wrong")):
        one = verbs.add_parser(verb, help=what, allow_abbrev=False)
        one.add_argument("project", metavar="OWNER/PROJECT")
        one.add_argument("--json", action="store_true", help="answer in JSON")
    one = verbs.add_parser("explain", help="say why somebody can or cannot reach a path", allow_abbrev=False)
    one.add_argument("user", metavar="USER")
    one.add_argument("path", metavar="PATH", type=Path)
    return parser
