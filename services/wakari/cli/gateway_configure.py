# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-gateway-configure`: registers this gateway with the server; safe to run again (docs/gateway.md)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from wakari.core import names
from wakari.core.errors import AppError, BadInputError, UnavailableError
from wakari.core.settings import SettingsError, build, read_files
from wakari.gateway import files
from wakari.gateway.registration import TokenAdministrator, Wanted, change, plan, register, remove, token_for
from wakari.gateway.settings import REGISTRATION, Registration, base_url

USAGE, AWAY, NO_SIGN_IN, NOT_SUPERUSER, REFUSED, NO_WRITE = 2, 3, 4, 5, 6, 7
UNAUTHORIZED, FORBIDDEN, TOO_MANY = 401, 403, 429


class Stop(Exception):  # noqa: N818 - it ends the run, it is told to the person
    """The run cannot go on; the message is for the person, `status` for the shell."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status (docs/gateway.md, "Registration")."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    missing = [f"--{name}" for name in ("server", "host", "name") if getattr(arguments, name) is None]
    if missing and not arguments.remove:
        parser.error(f"the following arguments are required: {', '.join(missing)}")
    try:
        return _remove(arguments) if arguments.remove else _run(arguments)
    except Stop as stop:
        print(f"wk-gateway-configure: {stop}", file=sys.stderr)
        return stop.status


def _run(arguments: argparse.Namespace) -> int:
    wanted = _wanted(arguments)
    folder = arguments.prefix / "etc" / "wakari"
    try:
        owner = files.owner_for(arguments.account)
    except LookupError as error:
        raise Stop(USAGE, str(error)) from error
    config, keys = folder / REGISTRATION, folder / "cookie-keys"
    present = _present(config)
    try:
        # The secret of the data center that is ours is made anew by registering it again.
        todo = "register" if arguments.rotate else plan(present, wanted)
        changed = todo != "nothing"
        registration = present
        if changed and not arguments.check:
            administrator = _administrator(arguments, wanted.server)
            if todo == "change" and present is not None:
                registration = change(present, wanted, administrator)
            else:
                registration = register(present, wanted, administrator)
    except AppError as error:
        raise _explained(error) from error
    if registration is not None:
        registration = registration.model_copy(update={"port": wanted.port, "CDN": registration.CDN or wanted.server})
        changed |= _lay_down(config, files.text_of(registration), owner, check=arguments.check)
    changed |= _lay_down(keys, _cookie_keys(keys, rotate=arguments.rotate), owner, check=arguments.check)
    _tell(arguments, registration, changed=changed)
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    """Remove the data center at the server, then the registration here. Cookie keys stay for a registration to come."""
    config = arguments.prefix / "etc" / "wakari" / REGISTRATION
    if not config.exists():
        _say(arguments, changed=False)
        return 0
    present = _present(config)
    if present is None:
        raise Stop(REFUSED, f"{config}: names no data center; remove it on the server's pages, then this file")
    if not arguments.check:
        try:
            there = remove(present, _administrator(arguments, present.WAKARI_SERVER))
        except AppError as error:
            raise _explained(error) from error
        if not there:
            print(f"wk-gateway-configure: the server did not know {present.NAME} any more", file=sys.stderr)
        try:
            config.unlink()
        except OSError as error:
            raise Stop(NO_WRITE, f"{config}: cannot be removed ({error.strerror})") from error
    _say(arguments, changed=True)
    return 0


def _wanted(arguments: argparse.Namespace) -> Wanted:
    try:
        server = base_url(arguments.server)
        host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
        url = base_url(f"{arguments.protocol}://{host}:{arguments.port}")
    except ValueError as error:
        raise Stop(USAGE, f"--server, --host or --port cannot be used: {error}") from error
    try:
        name = names.node_name(arguments.name)
    except BadInputError as error:
        raise Stop(USAGE, f"--name: {error.message} {error.hint}") from error
    return Wanted(server, url, arguments.port, name, arguments.summary or name)


def _present(config: Path) -> Registration | None:
    """Return the registration on this machine; None, with a word about it, where there is none that can be used."""
    if not config.exists():
        return None
    try:
        return build(Registration, read_files([config], required=[config]))
    except SettingsError as error:
        print(f"wk-gateway-configure: the present registration is replaced: {error}", file=sys.stderr)
        return None


def _administrator(arguments: argparse.Namespace, server: str) -> TokenAdministrator:
    if arguments.token_file is not None:
        return TokenAdministrator(server, _secret(arguments.token_file, "--token-file"))
    if arguments.password is not None:
        print("wk-gateway-configure: --password can be seen by others; use --password-file.", file=sys.stderr)
        password = str(arguments.password)
    elif arguments.password_file is not None:
        password = _secret(arguments.password_file, "--password-file")
    else:
        raise Stop(USAGE, "a change at the server needs --password-file FILE (- for standard input) or --token-file")
    return TokenAdministrator(server, token_for(server, arguments.username, password))


def _secret(source: str, option: str) -> str:
    try:
        text = sys.stdin.readline() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(USAGE, f"{option} {source}: cannot be read ({error})") from error
    secret = text.splitlines()[0] if text else ""
    if not secret:
        raise Stop(USAGE, f"{option} {source}: holds nothing; put the secret on its first line")
    return secret


def _explained(error: AppError) -> Stop:
    """Return what to tell about an error of the server's."""
    text = f"{error.message} {error.hint}".strip()
    if isinstance(error, UnavailableError):
        return Stop(AWAY, text)
    if error.status in (UNAUTHORIZED, TOO_MANY):
        return Stop(NO_SIGN_IN, f"the server refused user name, password or token: {text}")
    if error.status == FORBIDDEN:
        return Stop(NOT_SUPERUSER, f"only a superuser registers a gateway: {text}")
    return Stop(REFUSED, text)


def _cookie_keys(path: Path, *, rotate: bool) -> str:
    try:
        return files.rotated_cookie_keys(path) if rotate else files.cookie_keys_text(path)
    except OSError as error:
        raise Stop(NO_WRITE, f"{path}: cannot be read ({error.strerror})") from error


def _lay_down(path: Path, text: str, owner: files.Owner, *, check: bool) -> bool:
    """Return true where the file is (with `check`: would be) changed."""
    if files.is_as_wanted(path, text, owner):
        return False
    if not check:
        try:
            files.write(path, text, owner)
        except OSError as error:
            raise Stop(NO_WRITE, f"{path}: cannot be written ({error.strerror})") from error
    return True


def _tell(arguments: argparse.Namespace, registration: Registration | None, *, changed: bool) -> None:
    if arguments.json:
        known = registration is not None and not (arguments.check and changed)
        told = {
            "changed": changed,
            "data_center": registration.DATA_CENTER_ID if registration and known else None,
            "client_id": registration.CLIENT_ID if registration and known else None,
        }
        print(json.dumps(told))
        return
    _say(arguments, changed=changed)


def _say(arguments: argparse.Namespace, *, changed: bool) -> None:
    if arguments.json:
        print(json.dumps({"changed": changed, "data_center": None, "client_id": None}))
    else:
        print("changed" if changed else "unchanged")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wk-gateway-configure", description="Register this gateway with the server.")
    add = parser.add_argument
    add("--remove", action="store_true", help="remove the data center at the server, and the registration here")
    add("--rotate", action="store_true", help="make the secret that the server shares and the key of cookies anew")
    add("--server", metavar="URL", help="public URL of the server; required but for --remove")
    add("--host", help="name or address people reach this gateway by; required but for --remove")
    add("--port", type=int, default=8089)
    add("--protocol", choices=("http", "https"), default="http")
    add("--name", help="name of the data center; required but for --remove")
    add("--summary", default="", help="description of the data center")
    add("--username", default="wakari", help="a superuser (default: wakari)")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("--password-file", metavar="FILE", help="its first line is the password; - for standard input")
    secret.add_argument("--password", help="as before; others can see it, so prefer --password-file")
    secret.add_argument("--token-file", metavar="FILE", help="an API token instead of a password; - for standard input")
    add("--prefix", type=Path, default=Path(sys.prefix), help="where etc/wakari is (default: this installation)")
    add("--account", default="wakari", help="service account whose group may read the files (default: wakari)")
    add("--json", action="store_true", help="print the result as a JSON line")
    add("--check", action="store_true", help="change nothing, say whether a run would")
    return parser


if __name__ == "__main__":
    sys.exit(main())
