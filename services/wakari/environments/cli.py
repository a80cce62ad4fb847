# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-environment: conda environments without conda (docs/environments.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from wakari.environments import commands
from wakari.environments.clone import Owner
from wakari.environments.errors import EnvironmentsError
from wakari.environments.output import Output

_PACKAGES = "a package, as `numpy` or `python=3.11`"
_CHANNEL = "name, URL or directory; the first is preferred (default: those of the site)"
_ENVIRONMENT = "name, path, OWNER/PROJECT:NAME, or `root`"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status, see docs/environments.md."""
    parser = _parser()
    options, further = parser.parse_known_args(arguments)
    # argparse takes positional arguments on one side of an option only.
    words = getattr(options, "words", getattr(options, "spec", None))
    if further and (words is None or any(word.startswith("-") for word in further)):
        parser.error(f"unrecognized arguments: {' '.join(further)}")
    if words is not None:
        words.extend(further)
    output = Output(as_json=options.json)
    try:
        return int(options.run(options, output))
    except EnvironmentsError as error:
        output.fail(error)
        return error.exit_status
    except BrokenPipeError:  # `| head`
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        output.say("interrupted; the next run clears up what this one began")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wk-environment", description="conda environments without conda")
    verbs = parser.add_subparsers(dest="command", required=True, metavar="VERB")

    verb = verbs.add_parser("list", help="the environments of the project, of the home and of the root distribution")
    verb.add_argument("root", type=Path, nargs="*", help="look there instead")
    verb.set_defaults(run=commands.list_)

    verb = verbs.add_parser("create", help="make an environment")
    verb.add_argument("words", nargs="*", metavar="[NAME] SPEC", help=f"its name (not with --prefix), then {_PACKAGES}")
    verb.add_argument("--prefix", type=Path, help="make it there, or bring what is there to what is asked for")
    verb.add_argument("--file", type=Path, help="environment.yml, an explicit lock, or one package a line")
    verb.add_argument("--home", action="store_true", help="in ~/envs instead of the project's envs/")
    verb.add_argument("--no-default-packages", action="store_true", help="without the site's create_default_packages")
    _add_sources(verb)
    verb.set_defaults(run=commands.create_)

    verb = verbs.add_parser("install", help="add packages to an environment")
    _add_target(verb)
    verb.add_argument("spec", nargs="+", help=_PACKAGES)
    _add_sources(verb)
    verb.set_defaults(run=commands.install)

    verb = verbs.add_parser("update", help="bring packages of an environment to their newest versions")
    _add_target(verb)
    verb.add_argument("spec", nargs="*", help=_PACKAGES)
    verb.add_argument("--all", action="store_true", help="all of them")
    _add_sources(verb)
    verb.set_defaults(run=commands.update)

    verb = verbs.add_parser("clone", help="copy an environment, by hard links where that is allowed")
    verb.add_argument("source", help=_ENVIRONMENT)
    verb.add_argument("destination", help="name, or path")
    verb.add_argument("--home", action="store_true", help="into ~/envs instead of the project's envs/")
    verb.add_argument("--owner", type=_owner, help="uid:gid that gets what is not shared")
    verb.set_defaults(run=commands.clone_)

    verb = verbs.add_parser("export", help="write down what an environment consists of")
    verb.add_argument("environment", nargs="?", help=f"{_ENVIRONMENT} (default: the active one)")
    verb.add_argument("--file", type=Path, help="write there instead of to standard output")
    verb.add_argument("--format", choices=("explicit", "yaml"), default="explicit", help="a lock, or environment.yml")
    verb.set_defaults(run=commands.export_)

    verb = verbs.add_parser("remove", help="remove an environment")
    verb.add_argument("environment", help="name or path")
    verb.add_argument("--force", action="store_true", help="the active or the default environment, too")
    verb.set_defaults(run=commands.remove_)

    for name, run, text in (
        ("packages", commands.packages, "packages of an environment"),
        ("verify", commands.verify_, "compare an environment with its records"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("environment", nargs="?", metavar="ENVIRONMENT", help=f"{_ENVIRONMENT} (default: the active)")
        verb.set_defaults(run=run)

    for verb in verbs.choices.values():
        verb.add_argument("--json", action="store_true", help="answer in JSON on standard output")
    return parser


def _add_target(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--name", "-n", metavar="ENVIRONMENT", help=f"{_ENVIRONMENT} (default: the active one)")


def _add_sources(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--channel", "-c", action="append", default=[], help=_CHANNEL)
    verb.add_argument("--cache", type=Path, help="unpacked packages, on the same file system")
    verb.add_argument("--dry-run", action="store_true", help="say whether anything would change; change nothing")


def _owner(text: str) -> Owner:
    uid, _, gid = text.partition(":")
    if not (uid.isdecimal() and gid.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not uid:gid, as 1001:1001")
    return Owner(int(uid), int(gid))


if __name__ == "__main__":
    sys.exit(main())
