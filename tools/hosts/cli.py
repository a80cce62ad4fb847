# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: python3 -m tools.hosts VERB."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from typing import TYPE_CHECKING

from tools.hosts import base, check, host, lab, names, network, packages, records
from tools.hosts.errors import LabError
from tools.hosts.settings import DEFAULT_SUITE, SUITES, lab_from, parse_size, parse_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.hosts.settings import Lab

_STARTED = time.monotonic()


def say(text: str) -> None:
    """Print one progress line with the seconds since the start."""
    print(f"[{time.monotonic() - _STARTED:5.1f} s] {text}", flush=True)


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(prog="python3 -m tools.hosts", description="Real test hosts on this machine.")
    top.add_argument("--lab", help="the lab's name (default: AEN_LAB_NAME, or aen)")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("deps", help="install the Debian packages that are missing on this machine")
    verbs.add_parser("check", help="say what this machine has and lacks")
    one = verbs.add_parser("base", help="make the base image, if it is not there")
    one.add_argument("--suite", choices=SUITES, default=DEFAULT_SUITE)
    one.add_argument("--rebuild", action="store_true", help="make it anew, for fresh packages")
    one = verbs.add_parser("up", help="bring hosts up; running ones stay as they are")
    one.add_argument("hosts", nargs="+", metavar="NAME=OCTET[:SUITE]")
    one.add_argument("--memory", metavar="SIZE", help="memory limit of each new host, e.g. 2G")
    one = verbs.add_parser("down", help="remove hosts with their disks")
    one.add_argument("hosts", nargs="+", metavar="NAME")
    one = verbs.add_parser("destroy", help="remove every host and the lab; images, package cache and key stay")
    one.add_argument("--if-empty", action="store_true", help="do nothing while there are hosts")
    one = verbs.add_parser("status", help="list the hosts")
    how = one.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="for programs; with user, key and addresses")
    how.add_argument("--etc-hosts", action="store_true", help="lines for this machine's /etc/hosts")
    one = verbs.add_parser("ssh", help="sign in to a host, or run a command there")
    one.add_argument("host", metavar="NAME")
    one.add_argument("command", nargs=argparse.REMAINDER, metavar="CMD")
    for verb, text in (("cut", "take a host's cable out"), ("mend", "plug a host's cable in")):
        verbs.add_parser(verb, help=text).add_argument("host", metavar="NAME")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 done, 1 failed (the reason is on standard error), 2 wrong usage, 130 interrupted."""
    arguments = parser().parse_args(argv)
    try:
        return _run(arguments, lab_from(name=arguments.lab))
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"error: {error}; run this as root", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: 'up' goes on from here, 'destroy' removes what there is", file=sys.stderr)
        return 130


def _run(arguments: argparse.Namespace, the_lab: Lab) -> int:  # noqa: C901  one branch a verb
    match arguments.verb:
        case "deps":
            check.require_root()
            if wanted := packages.missing():
                say(f"installs {', '.join(wanted)}")
                packages.install(wanted)
            say("everything is installed")
        case "check":
            return _check(the_lab)
        case "base":
            check.require_machine([arguments.suite])
            say(f"base image {base.ensure(the_lab, arguments.suite, say, rebuild=arguments.rebuild)}")
        case "up":
            memory = parse_size(arguments.memory) if arguments.memory else None
            lab.up(the_lab, [parse_spec(text, memory) for text in arguments.hosts], say)
        case "down":
            lab.down(the_lab, arguments.hosts, say)
        case "destroy":
            lab.destroy(the_lab, say, if_empty=arguments.if_empty)
        case "status":
            _status(the_lab, as_json=arguments.json, as_hosts_file=arguments.etc_hosts)
        case "ssh":
            words = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
            argv = host.ssh_command(the_lab, lab.existing(the_lab, arguments.host))
            sys.stdout.flush()
            # One word is a command line of its own, as with ssh; several are words that keep their blanks.
            remote = words if len(words) < 2 else [shlex.join(words)]  # noqa: PLR2004
            os.execvp(argv[0], [*argv, *remote])  # noqa: S606  no shell is wanted
        case "cut" | "mend":
            check.require_root()
            spec = lab.existing(the_lab, arguments.host)
            network.set_cable(the_lab, spec.octet, up=arguments.verb == "mend")
            say(f"{spec.name}: cable {'in' if arguments.verb == 'mend' else 'out'}")
    return 0


def _check(the_lab: Lab) -> int:
    found = check.findings(the_lab)
    for one in found:
        print(f"{one.level:8} {one.name}: {one.detail}")
    return 1 if any(one.level == "missing" for one in found) else 0


def _status(the_lab: Lab, *, as_json: bool, as_hosts_file: bool) -> None:
    if as_hosts_file:
        print(names.block(the_lab, records.specs(the_lab).values()), end="")
        return
    report = lab.status(the_lab)
    if as_json:
        print(json.dumps(report, indent=2))
        return
    print(f"lab {report['lab']}: {report['network']} on {report['bridge']}; python3 -m tools.hosts ssh NAME [CMD]")
    for one in report["hosts"]:
        print(f"{one['name']:16} {one.get('address', '-'):16} {one.get('suite', '-'):10} {one['state']}")
