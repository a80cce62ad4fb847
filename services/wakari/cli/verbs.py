# SPDX-License-Identifier: GPL-3.0-or-later
"""How verbs of wk-server-admin are entered: `things [ACTION] ...`, where things alone lists them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wakari.access import Caller
from wakari.server.services import Services

Result = dict[str, Any] | list[dict[str, Any]]
Verb = Callable[[Services, argparse.Namespace], Result]
ACTOR = "wk-server-admin"
ALL = 0  # no limit
# Who may run the command may read the database: it acts as a superuser, under its own name in the security log.
ADMINISTRATOR = Caller.of(ACTOR, ["superuser"])


class Subparsers:
    """The verbs of one level; each takes the options of `common`, before or after its own."""

    def __init__(
        self,
        parser: argparse.ArgumentParser,
        common: argparse.ArgumentParser,
        what: str,
        **options: Any,  # noqa: ANN401 - those of argparse
    ) -> None:
        self._common = common
        self._parsers = parser.add_subparsers(metavar=what, **options)

    def verb(self, name: str, run: Verb, help_: str) -> argparse.ArgumentParser:
        """Return the parser of a new verb."""
        made: argparse.ArgumentParser = self._parsers.add_parser(
            name, help=help_, description=help_, parents=[self._common]
        )
        made.set_defaults(run=run)
        return made

    def things(self, name: str, list_: Verb, help_: str) -> Things:
        """Return the actions on a kind of thing; without an action they are listed."""
        parser = self.verb(name, list_, help_)
        actions = Subparsers(parser, self._common, "ACTION", dest="action")
        return Things(actions, actions.verb("list", list_, help_), parser)


@dataclass(frozen=True)
class Things:
    """The actions on a kind of thing."""

    actions: Subparsers
    _list: argparse.ArgumentParser
    _alone: argparse.ArgumentParser

    def filter(self, option: str, **options: Any) -> None:  # noqa: ANN401 - those of argparse
        """Let the list be limited by an option, whether `list` is said or not."""
        name = options.get("dest") or option.lstrip("-").replace("-", "_")
        self._list.add_argument(option, **options)
        self._alone.set_defaults(**{name: None})

    def action(self, name: str, run: Verb, help_: str, *what: str) -> argparse.ArgumentParser:
        """Return the parser of a new action, which takes the positional arguments `what`."""
        made = self.actions.verb(name, run, help_)
        for argument in what:
            made.add_argument(argument.lower(), metavar=argument)
        return made
