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
from wakari.helper.settings import HelperSettings
from wakari.permissions import advice, explain
from wakari.permissions.naming import printable
from wakari.permissions.report import EXAMPLES, Problem, Report

# Exit status, as docs/permissions.md lists them.
GOOD, WRONG, USAGE, FAILED = 0, 1, 2, 3
_MOST = 100_000  # problems told one by one: about 100 MB


def main(arguments: Sequence[str] | None = None, prefix: Path = settings.PREFIX, site: Path = settings.SITE) -> int:
    """Return the exit status: 0 all is right (or was put right), 1 `check` found something wrong, 2 usage, 3 failed.

    `prefix` and `site` differ in tests alone.
    """
    options = _parser().parse_args(arguments)
    if os.geteuid() != 0:
        sys.stderr.write("wk-permissions must run as root: it reads and changes files of all people.\n")
        return USAGE
    try:
        loaded = settings.load(prefix, site)
        if options.verb == "explain":
            return _explain(loaded, options.user, options.path)
        report = _apply(loaded, options.project, write=options.verb == "repair", examples=options.max)
    except AppError as error:
        sys.stderr.write(f"wk-permissions: {error.message} {error.hint}\n")
        return FAILED
    except SettingsError as error:
        sys.stderr.write(f"wk-permissions: {error}\n")
        return FAILED
    told = json.dumps(report.as_dict(diff=options.diff), indent=1) + "\n" if options.json else _text(report, options)
    sys.stdout.write(told)
    return WRONG if report.wrong > report.changed else GOOD


def _apply(loaded: HelperSettings, name: str, *, write: bool, examples: int) -> Report:
    owner, _, project = name.partition("/")
    applying = Applying(loaded)
    spec = applying.remembered(owner, project)
    if not write:
        return applying.apply(spec, write=False, examples=examples)
    with applying.lock(spec, lambda: sys.stderr.write("wk-permissions: waiting for another change of the project\n")):
        return applying.apply(applying.remembered(owner, project), write=True, examples=examples)


def _explain(loaded: HelperSettings, user: str, path: Path) -> int:
    try:
        account = pwd.getpwnam(user)
    except (KeyError, ValueError) as error:
        raise BadInputError(
            "account_missing",
            f"There is no account {printable(user)!r} on this node.",
            hint="People get one when a project of theirs starts here; getent passwd lists all there are.",
        ) from error
    if not path.is_absolute() or ".." in path.parts:
        raise BadInputError("path_invalid", f"{printable(str(path))} is not an absolute path without '..'.")
    person = explain.Person(user, account.pw_uid, tuple(os.getgrouplist(user, account.pw_gid)))
    steps = explain.walk(path, person.uid, person.gids)
    _say(explain.sentences(person, path, steps))  # also where the team cannot be asked for after that
    _say(advice.sentences(loaded, person, path, steps))
    return GOOD


def _say(lines: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _text(report: Report, options: argparse.Namespace) -> str:
    lines = [f"{report.checked} checked, {report.wrong} wrong, {report.changed} put right"]
    lines += [f"  skipped {number}: {reason}" for reason, number in sorted(report.skipped.items()) if number]
    lines += [f"  wrong {number}: files of {owner}" for owner, number in report.as_dict()["owners"].items()]
    for problem in report.problems:
        lines += _diff(problem) if options.diff else [_line(problem)]
    if report.wrong > len(report.problems):
        lines.append(f"  and {report.wrong - len(report.problems)} more (--max)")
    return "\n".join(lines) + "\n"


def _line(problem: Problem) -> str:
    told = problem.as_dict(diff=False)
    return f"  {told['path']} ({told['owner']}): {told['found']} instead of {told['wanted']}"


def _diff(problem: Problem) -> list[str]:
    """Return the entries that differ, those that were found marked `-`, those that are wanted `+`."""
    told = problem.as_dict(diff=False)
    before, after = problem.before, problem.after
    gone = [f"  - {entry}" for entry in before if entry not in after]
    return [f"  {told['path']} ({told['owner']})", *gone, *(f"  + {entry}" for entry in after if entry not in before)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wk-permissions", description=__doc__, allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, what in (("check", "say what is wrong; change nothing"), ("repair", "put right what is wrong")):
        one = verbs.add_parser(verb, help=what, allow_abbrev=False)
        one.add_argument("project", metavar="OWNER/PROJECT")
        one.add_argument("--json", action="store_true", help="answer in JSON")
        one.add_argument("--diff", action="store_true", help="show the entries that differ, before and after")
        one.add_argument(
            "--max", metavar="N", type=_number, default=EXAMPLES, help=f"tell of at most N wrong files ({EXAMPLES})"
        )
    one = verbs.add_parser("explain", help="say why somebody can or cannot reach a path", allow_abbrev=False)
    one.add_argument("user", metavar="USER")
    one.add_argument("path", metavar="PATH", type=Path)
    return parser


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {_MOST}")
    return int(text)
