# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.hosts import apt
from tools.hosts.apt import Source
from tools.hosts.errors import LabError

if TYPE_CHECKING:
    from pathlib import Path

DEB822 = """\
# the distribution
Types: deb deb-src
URIs: http://mirror.example/debian http://second.example/debian/
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: https://vendor.example/apt
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----
"""


def test_deb822_paragraphs() -> None:
    found = apt.parse_deb822(DEB822)
    assert [(one.uri, one.suite) for one in found] == [
        ("http://mirror.example/debian", "bookworm"),
        ("http://mirror.example/debian", "bookworm-updates"),
        ("http://second.example/debian/", "bookworm"),
        ("http://second.example/debian/", "bookworm-updates"),
        ("https://vendor.example/apt", "bookworm"),
    ]
    assert found[0].components == ("main", "contrib")
    assert found[-1].signed_by.startswith("-----BEGIN")


def test_one_line_entries() -> None:
    text = """\
# deb http://commented.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb http://plain.example/debian bookworm main non-free  # said why
deb [arch=amd64 Signed-By=/usr/share/keyrings/V.gpg trusted=yes] https://options.example/d bookworm main
"""
    assert apt.parse_one_line(text) == [
        Source("http://plain.example/debian", "bookworm", ("main", "non-free")),
        Source("https://options.example/d", "bookworm", ("main",), "/usr/share/keyrings/V.gpg", trusted=True),
    ]


def test_only_debian_itself_is_kept_and_moved_to_the_suite() -> None:
    ours = "/usr/share/keyrings/debian-archive-keyring.gpg"
    sources = [
        Source("http://m.example/debian", "bookworm", ("main", "contrib"), ours),
        Source("http://m.example/debian/", "bookworm", ("main",)),  # the same again
        Source("http://m.example/debian-security", "bookworm-security", ("main",), ours),
        Source("http://m.example/debian", "bookworm-backports", ("main",), ours),
        Source("https://docker.example/debian", "bookworm", ("stable",)),
        Source("https://node.example", "nodistro", ("main",)),
        Source("https://vendor.example/apt", "bookworm", ("main",), "/etc/apt/keyrings/vendor.gpg"),
        Source("file:/srv/debian", "bookworm", ("main",)),
    ]
    assert apt.debian_sources(sources, "bookworm", "trixie") == [
        Source("http://m.example/debian", "trixie", ("main",)),
        Source("http://m.example/debian-security", "trixie-security", ("main",)),
    ]


def test_https_mirrors_go_through_the_caching_proxy() -> None:
    source = Source("https://m.example/debian", "bookworm", ("main",))
    assert source.line() == f"deb [signed-by={apt.KEYRING}] https://m.example/debian bookworm main"
    assert "http://HTTPS///m.example/debian bookworm" in source.line(through_proxy=True)


def test_proxy_and_certificates_come_from_apt_then_from_the_environment() -> None:
    dump = (
        'Acquire::http::Proxy "http://p.example:80/";\nAcquire::https::CAInfo "/etc/ca.pem";\n'
        'Acquire::Check-Valid-Until "false";\n'
    )
    proxy = apt.parse_config(dump, {"http_proxy": "http://other.example", "https_proxy": "http://s.example"})
    assert (proxy.http, proxy.https, proxy.ca_file) == ("http://p.example:80/", "http://s.example", "/etc/ca.pem")
    assert proxy.carried == (("Acquire::Check-Valid-Until", "false"),)
    assert apt.parse_config('Acquire::http::Proxy "DIRECT";\n', {"http_proxy": "http://other.example"}).http == ""


def _machine(root: Path, release: str, sources: str) -> Path:
    (root / "etc/apt/sources.list.d").mkdir(parents=True)
    (root / "etc/os-release").write_text(release)
    (root / "etc/apt/sources.list.d/a.sources").write_text(sources)
    return root


def test_machine_without_a_usable_source_is_told(tmp_path: Path) -> None:
    root = _machine(tmp_path, 'ID=debian\nVERSION_CODENAME="bookworm"\n', DEB822.replace("bookworm", "sid"))
    with pytest.raises(LabError, match="no http"):
        apt.machine_sources("bookworm", root)


def test_machine_that_is_not_debian_is_told(tmp_path: Path) -> None:
    root = _machine(tmp_path, "ID=ubuntu\nVERSION_CODENAME=noble\n", DEB822)
    with pytest.raises(LabError, match="not Debian"):
        apt.machine_sources("bookworm", root)


def test_sources_of_the_machine_serve_both_suites(tmp_path: Path) -> None:
    root = _machine(tmp_path, "ID=debian\nVERSION_CODENAME=bookworm\n", DEB822)
    assert [one.suite for one in apt.machine_sources("trixie", root)] == ["trixie", "trixie-updates"] * 2
