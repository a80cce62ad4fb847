# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-environment: conda environments without conda (docs/environments.md)."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from wakari.environments.clone import Owner, clone
from wakari.environments.create import create
from wakari.environments.errors import EnvironmentsError
from wakari.environments.prefix import list_environments, list_packages
from wakari.environments.request import CreateRequest
from wakari.environments.verify import verify


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status, see docs/environments.md."""
    options = _parser().parse_args(arguments)
    commands = {
        "create": _create,
        "clone": _clone,
        "list": _list,
        "packages": _packages,
        "verify": _verify,
    }
    try:
        return commands[options.command](options)
    except EnvironmentsError as error:
        _say(f"{error.message} {error.hint}".strip())
        if getattr(options, "json", False):
            _print(json.dumps(error.body("")))
        return error.exit_status


def _create(options: argparse.Namespace) -> int:
    prefix: Path = options.prefix.absolute()
    cache: Path = (options.cache or prefix / "pkgs").absolute()
    result = create(CreateRequest(tuple(options.channel), tuple(options.spec), prefix, cache), _say)
    text = f"{prefix}: {result.packages} packages, {len(result.added)} added, {len(result.removed)} removed"
    _answer(options, {"prefix": str(prefix), **dataclasses.asdict(result)}, text if result.changed else f"{prefix}: ok")
    return 0


def _clone(options: argparse.Namespace) -> int:
    shown = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal shown
        if time.monotonic() - shown >= 1 or done == total:
            shown = time.monotonic()
            _say(f"{done}/{total} files")

    report = clone(options.source.absolute(), options.destination.absolute(), owner=options.owner, progress=progress)
    facts = dataclasses.asdict(report)
    text = ", ".join(f"{count} {name}" for name, count in facts.items() if name != "seconds")
    _answer(options, {"changed": True, **facts}, f"{text}, {report.seconds:.2f} s")
    return 0


def _list(options: argparse.Namespace) -> int:
    found = list_environments(root.absolute() for root in options.root)
    facts = [{**dataclasses.asdict(item), "prefix": str(item.prefix)} for item in found]
    lines = [f"{item.name:20} {item.python or '-':10} {item.prefix}" for item in found]
    _answer(options, {"environments": facts}, "\n".join(lines))
    return 0


def _packages(options: argparse.Namespace) -> int:
    packages = list_packages(options.prefix.absolute())
    lines = [f"{package.name:30} {package.version:16} {package.build}" for package in packages]
    _answer(options, {"packages": [dataclasses.asdict(package) for package in packages]}, "\n".join(lines))
    return 0


def _verify(options: argparse.Namespace) -> int:
    problems = verify(options.prefix.absolute())
    _answer(options, {"problems": problems}, "\n".join(problems) or "ok")
    return 1 if problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wk-environment", description="conda environments without conda")
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("create", help="create an environment, or bring it to what is asked for")
    command.add_argument("--channel", action="append", required=True, help="URL or directory; the first is preferred")
    command.add_argument("--prefix", type=Path, required=True, help="where the environment is, or will be")
    command.add_argument("--cache", type=Path, help="unpacked packages, same file system (default: PREFIX/pkgs)")
    command.add_argument("spec", nargs="+", help="a package, as `numpy` or `python=3.11`")

    command = commands.add_parser("clone", help="clone an environment by hard links")
    command.add_argument("source", type=Path)
    command.add_argument("destination", type=Path)
    command.add_argument("--owner", type=_owner, help="uid:gid that gets what is not shared")

    command = commands.add_parser("list", help="environments at and below the given places")
    command.add_argument("root", type=Path, nargs="*", default=[Path("/opt/wakari/anaconda")])

    command = commands.add_parser("packages", help="packages of an environment")
    command.add_argument("prefix", type=Path)

    command = commands.add_parser("verify", help="compare an environment with its records")
    command.add_argument("prefix", type=Path)

    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="answer in JSON on standard output")
    return parser


def _owner(text: str) -> Owner:
    uid, _, gid = text.partition(":")
    if not (uid.isdecimal() and gid.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not uid:gid, as 1001:1001")
    return Owner(int(uid), int(gid))


def _answer(options: argparse.Namespace, facts: dict[str, object], text: str) -> None:
    _print(json.dumps(facts) if options.json else text)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _say(text: str) -> None:
    sys.stderr.write(f"wk-environment: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
