# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine's own package sources: where the hosts' packages come from. No mirror is named in the repository."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tools.hosts import command
from tools.hosts.errors import LabError
from tools.hosts.settings import SUITES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"  # of the package debian-archive-keyring, on machine and host

# What of the machine's apt configuration decides whether its mirror's indexes are accepted; handed to the hosts too.
_CARRIED = ("Acquire::Check-Valid-Until", "Acquire::Check-Date", "Acquire::Max-FutureTime")


@dataclass(frozen=True)
class Source:
    """One Debian repository, one suite."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""
    trusted: bool = False

    def line(self, *, through_proxy: bool = False) -> str:
        """The one-line form (sources.list(5)).

        With `through_proxy` an https mirror is written the way apt-cacher-ng fetches and keeps it: http to the proxy,
        TLS from the proxy to the mirror.
        """
        uri = self.uri
        if through_proxy and uri.startswith("https://"):
            uri = "http://HTTPS///" + uri.removeprefix("https://")
        option = "trusted=yes" if self.trusted else f"signed-by={KEYRING}"
        return f"deb [{option}] {uri} {self.suite} {' '.join(self.components)}"


@dataclass(frozen=True)
class Proxy:
    """How this machine itself reaches its mirrors."""

    http: str = ""
    https: str = ""
    ca_file: str = ""
    carried: tuple[tuple[str, str], ...] = ()


def parse_one_line(text: str) -> list[Source]:
    """Binary repositories in the text of a .list file."""
    found = []
    for raw in text.splitlines():
        match = re.fullmatch(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)", raw.partition("#")[0].strip())
        if match:
            options = dict(pair.partition("=")[::2] for pair in (match[1] or "").lower().split())
            signed_by = re.search(r"signed-by=(\S+)", match[1] or "", re.IGNORECASE)
            found.append(
                Source(
                    match[2],
                    match[3],
                    tuple(match[4].split()),
                    signed_by[1] if signed_by else "",
                    options.get("trusted") == "yes",
                )
            )
    return found


def parse_deb822(text: str) -> list[Source]:
    """Binary repositories in the text of a .sources file."""
    found = []
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for paragraph in re.split(r"\n\s*\n", lines):
        fields = {
            key.lower(): value.strip()
            for key, value in re.findall(r"^([A-Za-z-]+):((?:.*)(?:\n[ \t].*)*)", paragraph, re.MULTILINE)
        }
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        found += [
            Source(
                uri,
                suite,
                tuple(fields.get("components", "").split()),
                fields.get("signed-by", ""),
                fields.get("trusted", "").lower() == "yes",
            )
            for uri in fields.get("uris", "").split()
            for suite in fields.get("suites", "").split()
        ]
    return found


def debian_sources(sources: Iterable[Source], codename: str, suite: str) -> list[Source]:
    """The Debian repositories among a machine's sources, for another suite.

    Third parties are left out: they have no component main, or a suite of their own, or a key of their own. Backports
    are left out too: a plain server does not have them.
    """
    wanted = {codename + extra: suite + extra for extra in ("", "-updates", "-security")}
    found: dict[tuple[str, str], Source] = {}
    for one in sources:
        ours = one.suite in wanted and "main" in one.components and one.uri.startswith(("http://", "https://"))
        foreign_key = one.signed_by and "debian-archive" not in one.signed_by
        if ours and not foreign_key:
            kept = replace(one, suite=wanted[one.suite], components=("main",), signed_by="")
            found.setdefault((kept.uri.rstrip("/"), kept.suite), kept)
    return list(found.values())


def machine_sources(suite: str, root: Path = Path("/")) -> list[Source]:
    """The repositories for a suite, from this machine's apt configuration.

    Raises:
        LabError: the machine is not Debian, or has no Debian repository over http or https.
    """
    release = dict(
        line.partition("=")[::2] for line in (root / "etc/os-release").read_text(encoding="utf-8").splitlines()
    )
    codename = release.get("VERSION_CODENAME", "").strip('"')
    if release.get("ID") != "debian" or not codename:
        raise LabError(
            "this machine is not Debian: its apt sources cannot be used for the hosts. Run this on Debian 12 or 13"
        )
    folder = root / "etc/apt/sources.list.d"
    sources: list[Source] = []
    for path in [root / "etc/apt/sources.list", *sorted(folder.glob("*.list"))]:
        if path.is_file():
            sources += parse_one_line(path.read_text(encoding="utf-8"))
    for path in sorted(folder.glob("*.sources")):
        sources += parse_deb822(path.read_text(encoding="utf-8"))
    found = debian_sources(sources, codename, suite)
    if not any(one.suite == suite for one in found):
        raise LabError(
            f"no http(s) source of Debian {codename} main in /etc/apt: add one, the hosts use the same mirror"
        )
    return found


def parse_config(dump: str, environment: Mapping[str, str]) -> Proxy:
    """Proxy and certificate settings in the text of `apt-config dump`; the environment's proxy where apt has none."""
    values = dict(re.findall(r'^(\S+) "(.*)";$', dump, re.MULTILINE))

    def value(name: str, *variables: str) -> str:
        for text in (values.get(name, ""), *(environment.get(one, "") for one in variables)):
            if text:
                return "" if text.upper() == "DIRECT" else text
        return ""

    return Proxy(
        http=value("Acquire::http::Proxy", "http_proxy"),
        https=value("Acquire::https::Proxy", "https_proxy"),
        ca_file=value("Acquire::https::CAInfo") or value("Acquire::https::CaInfo"),
        carried=tuple((name, values[name]) for name in _CARRIED if values.get(name)),
    )


def machine_servers() -> set[str]:
    """Names of the servers that this machine's packages come from, its proxies among them."""
    proxy = machine_proxy(os.environ)
    urls = [proxy.http, proxy.https, *(one.uri for one in machine_sources(SUITES[0]))]
    return {name for url in urls if (name := urlsplit(url).hostname)}


def machine_proxy(environment: Mapping[str, str]) -> Proxy:
    """The proxy and certificate settings of this machine's apt."""
    return parse_config(command.run(["apt-config", "dump"]), environment)
