# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings: where they come from, and what each mistake is answered with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.gateway import make
from wakari.core.settings import SettingsError
from wakari.gateway.main import main
from wakari.gateway.settings import GatewaySettings, Registration, base_url, cookie_keys, read

DOCS = Path(__file__).parents[3] / "docs" / "gateway.md"


def test_paths_start_at_the_prefix(tmp_path: Path) -> None:
    found = read(make.write(tmp_path, {"nodes_dir": "/elsewhere/nodes.d", "threads": 8}))
    assert found.socket == tmp_path / "var/run/wk-gateway.sock"
    assert found.nodes_dir == Path("/elsewhere/nodes.d")
    assert found.threads == 8
    assert found.identity == "gateway:client1"
    assert found.callback_url == "http://gateway.example.org:8089/_wakari/callback"


def test_secrets_do_not_show(tmp_path: Path) -> None:
    assert make.SECRET not in repr(make.settings(tmp_path))


@pytest.mark.parametrize(
    ("site", "registration", "said"),
    [
        ({"thread": 8}, {}, "config.json: unknown key 'thread'"),
        ({"decision_ttl": 5}, {}, "decision_ttl"),
        ({"node_certificate": "/x.crt"}, {}, "give node_certificate, node_certificate_key and node_authorities"),
        ({}, {"WAKARI_SERVER": "server.example.org"}, "WAKARI_SERVER"),
        ({}, {"CLIENT_SECRET": "short"}, "CLIENT_SECRET"),
        ({}, {"NAME": "../dc"}, "NAME"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_key(
    tmp_path: Path, site: dict[str, object], registration: dict[str, object], said: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        read(make.write(tmp_path, site, **registration))


def test_without_registration_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="wk-gateway-configure"):
        read(tmp_path / "etc/wakari/wk-gateway-config.json")


@pytest.mark.parametrize("content", ["", "short\n", "not base64 !!\n"])
def test_cookie_keys_are_256_bits(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cookie-keys"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="cookie-keys"):
        cookie_keys(path)


def test_check_exits_3_for_what_cannot_be_used(tmp_path: Path) -> None:
    path = make.write(tmp_path)
    assert main(["--check", "-c", str(path)]) == 0
    path.write_text("{}", encoding="utf-8")
    assert main(["--check", "-c", str(path)]) == 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://Host.example.org:80/", "http://host.example.org"),
        ("https://h:443", "https://h"),
        ("http://h:8089", "http://h:8089"),
        ("http://[::1]:8089", "http://[::1]:8089"),
    ],
)
def test_urls_have_one_spelling(given: str, expected: str) -> None:
    assert base_url(given) == expected


@pytest.mark.parametrize(
    "given", ["h", "ftp://h", "http://h/path", "http://u:p@h", "http://h?x", "http:///x", "javascript:a"]
)
def test_other_urls_are_refused(given: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        base_url(given)


def test_every_key_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    missing = [name for name in GatewaySettings.model_fields if f"`{name}`" not in text]
    assert missing == []
    assert set(Registration.model_fields) < set(GatewaySettings.model_fields)
