# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs of wk-environment. Each returns the exit status, or raises EnvironmentsError."""

from __future__ import annotations

import argparse
import dataclasses
import os
from pathlib import Path

from wakari.environments import condarc, export, places, spec_file
from wakari.environments.clone import clone
from wakari.environments.create import UNFINISHED, create
from wakari.environments.editable import taken_from_outside
from wakari.environments.errors import EnvironmentsError, from_os_error
from wakari.environments.output import Output, Progress
from wakari.environments.places import Places
from wakari.environments.prefix import is_prefix, list_environments, list_packages
from wakari.environments.removal import remove
from wakari.environments.request import CreateRequest
from wakari.environments.spec_file import SpecFile
from wakari.environments.verify import verify


def list_(options: argparse.Namespace, output: Output) -> int:
    """List the environments, the active one marked."""
    where = places.of_caller()
    if options.root:
        found = [("", item) for item in list_environments(root.absolute() for root in options.root)]
    else:
        found = []
        for place, folder in where.folders():
            found += [(place, item) for item in list_environments([folder.parent]) if (place, item) not in found]
    active = where.active.resolve() if where.active else None
    facts = [
        {
            **dataclasses.asdict(item),
            "prefix": str(item.prefix),
            "place": place,
            "active": item.prefix.resolve() == active,
        }
        for place, item in found
    ]
    _answer_list(output, facts)
    return 0


def _answer_list(output: Output, facts: list[dict[str, object]]) -> None:
    lines = [
        f"{'*' if one['active'] else ' '} {one['name']:20} {one['place']:8} {one['python'] or '-':10} {one['prefix']}"
        for one in facts
    ]
    output.answer({"environments": facts}, "\n".join(lines) or "There is no environment.")


def create_(options: argparse.Namespace, output: Output) -> int:
    """Make an environment from packages or a file."""
    where, site = places.of_caller(), _site()
    file = spec_file.read(options.file) if options.file else SpecFile()
    words = list(options.words)
    specs: tuple[str, ...] = file.specs
    if options.prefix:
        prefix = options.prefix.absolute()
    else:
        name = words.pop(0) if words else file.name
        if not name:
            raise EnvironmentsError("bad_request", "The environment has no name.", hint="Name it, or give --prefix.")
        prefix = where.new(name, in_home=options.home)
        if is_prefix(prefix) and not (prefix / UNFINISHED).exists():
            raise EnvironmentsError(
                "destination_exists",
                f"{prefix} exists already.",
                hint="Add packages with `wk-environment install`, remove it first, or choose another name.",
                status=409,
            )
        if not options.no_default_packages and not file.locked:
            specs += tuple(one for one in site.default_packages if one not in words)
    if file.locked and words:
        raise EnvironmentsError("bad_request", "An explicit lock names all packages; no others can be added.")
    named = options.channel or file.channels
    request = CreateRequest(
        channels=() if file.locked else site.addresses(named),
        specs=(*specs, *words),
        prefix=prefix,
        cache=(options.cache or where.cache(prefix)).absolute(),
        locked=file.locked,
        pip=file.pip,
        folder=options.file.absolute().parent if options.file else Path("/"),
        dry_run=options.dry_run,
    )
    return _change(request, output)


def install(options: argparse.Namespace, output: Output) -> int:
    """Add packages; what is installed stays."""
    return _change(_change_request(options, tuple(options.spec)), output)


def update(options: argparse.Namespace, output: Output) -> int:
    """Bring the named packages, or all, to their newest versions."""
    if bool(options.spec) == options.all:
        raise EnvironmentsError("bad_request", "Either packages or --all must be given.")
    request = _change_request(options, tuple(options.spec))
    known = {package.name for package in list_packages(request.prefix)}
    names = {_package_name(spec) for spec in options.spec}
    if missing := sorted(names - known):
        raise EnvironmentsError(
            "bad_request",
            f"{', '.join(missing)} is not installed in {request.prefix} by conda.",
            hint="`wk-environment install` adds packages.",
        )
    return _change(dataclasses.replace(request, update=("*",) if options.all else tuple(names)), output)


def _change_request(options: argparse.Namespace, specs: tuple[str, ...]) -> CreateRequest:
    where = places.of_caller()
    prefix = _chosen(options.name, where)
    if not os.access(prefix, os.W_OK) or not os.access(prefix / "conda-meta", os.W_OK):
        raise EnvironmentsError(
            "forbidden",
            f"You may not change {prefix}.",
            hint="Make one of your own with `wk-environment clone` or `create`.",
            status=403,
        )
    cache = (options.cache or where.cache(prefix)).absolute()
    return CreateRequest(_site().addresses(options.channel), specs, prefix, cache, keep=True, dry_run=options.dry_run)


def _change(request: CreateRequest, output: Output) -> int:
    result = create(request, output.say)
    parts = f"{result.packages} packages, {len(result.added)} added, {len(result.removed)} removed"
    changes = [f"+ {one}" for one in result.added] + [f"- {one}" for one in result.removed]
    text = "\n".join([*changes, f"{request.prefix}: {parts}"]) if result.changed else f"{request.prefix}: ok"
    output.answer({"prefix": str(request.prefix), **dataclasses.asdict(result)}, text)
    return 0


def clone_(options: argparse.Namespace, output: Output) -> int:
    """Copy an environment."""
    where = places.of_caller()
    source, destination = where.find(options.source), where.new(options.destination, in_home=options.home)
    report = clone(
        source,
        destination,
        owner=options.owner,
        progress=Progress(output),
        share_own=where.share_files(source, destination),
    )
    outside = taken_from_outside(destination)
    for sentence in outside:
        output.say(f"{sentence}, as in {source}: install it anew with pip where the clone shall not depend on that")
    facts = dataclasses.asdict(report)
    text = ", ".join(f"{count} {name}" for name, count in facts.items() if name != "seconds")
    answer = {"changed": True, "prefix": str(destination), "outside": outside, **facts}
    output.answer(answer, f"{destination}: {text}, {report.seconds:.2f} s")
    return 0


def export_(options: argparse.Namespace, output: Output) -> int:
    """Write a lock or an environment.yml."""
    prefix = _chosen(options.environment, places.of_caller())
    if options.format == "yaml":
        made = export.environment(prefix, prefix.name)
    else:
        made = export.explicit(prefix)
        if made.pip:
            output.say(f"not in the lock, for pip installed it: {', '.join(made.pip)} (--format yaml holds it)")
    if options.file:
        try:
            options.file.write_text(made.text, encoding="utf-8")
        except OSError as error:
            raise from_os_error(error, f"writing {options.file}") from error
    text = f"{options.file} written" if options.file else made.text.rstrip("\n")
    output.answer({"prefix": str(prefix), "pip": made.pip, "text": made.text}, text)
    return 0


def remove_(options: argparse.Namespace, output: Output) -> int:
    """Remove an environment."""
    where = places.of_caller()
    text = options.environment
    try:
        prefix = where.find(text)
    except EnvironmentsError as error:
        # What is half made is no environment, and may go all the same.
        if error.code != "not_an_environment" or (where.project is None and "/" not in text):
            raise
        prefix = where.new(text)
        if not os.path.lexists(prefix):
            raise
    remove(prefix, where, force=options.force)
    output.answer({"prefix": str(prefix), "changed": True}, f"{prefix}: removed")
    return 0


def packages(options: argparse.Namespace, output: Output) -> int:
    """List what conda installed."""
    found = list_packages(_chosen(options.environment, places.of_caller()))
    lines = [f"{package.name:30} {package.version:16} {package.build}" for package in found]
    output.answer({"packages": [dataclasses.asdict(package) for package in found]}, "\n".join(lines))
    return 0


def verify_(options: argparse.Namespace, output: Output) -> int:
    """Compare with the records; 1 where something is wrong."""
    problems = verify(_chosen(options.environment, places.of_caller()))
    output.answer({"problems": problems}, "\n".join(problems) or "ok")
    return 1 if problems else 0


def _chosen(text: str | None, where: Places) -> Path:
    if text:
        return where.find(text)
    if where.active is None:
        raise EnvironmentsError(
            "bad_request", "No environment is active.", hint="Name one; `wk-environment list` shows them."
        )
    return where.find(str(where.active))


def _site() -> condarc.Condarc:
    """The person's own file first, then the site's."""
    where = places.of_caller()
    return condarc.read([where.home / ".condarc", where.anaconda / ".condarc"])


def _package_name(spec: str) -> str:
    """The name in a spec as `numpy`, `numpy=2`, `numpy >=2` or `channel::numpy`."""
    name = spec.rsplit("::", 1)[-1].strip()
    for index, character in enumerate(name):
        if character in "=<>!~ [":
            return name[:index].lower()
    return name.lower()
