# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute nodes: read from their folder, again when it changes; a bad file stops no other node."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakari.core import tokens
from wakari.core.errors import UnavailableError
from wakari.gateway import nodes as nodes_module
from wakari.gateway.nodes import Node, Nodes

KEY = tokens.new_key()


@pytest.fixture(autouse=True)
def look_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes_module, "LOOK_EVERY", 0.0)


def write(folder: Path, stem: str, **changed: object) -> Path:
    path = folder / f"{stem}.json"
    path.write_text(json.dumps({"name": stem, "url": "http://127.0.0.1:5002", "key": KEY} | changed), encoding="utf-8")
    return path


def test_nodes_come_and_go_without_a_restart(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    assert nodes.all() == {}
    first = write(tmp_path, "compute1")
    write(tmp_path, "compute2", url="http://127.0.0.1:5003/")
    assert sorted(nodes.all()) == ["compute1", "compute2"]
    first.unlink()
    assert nodes.get("compute1") is None
    found = nodes.get("compute2")
    assert found is not None
    assert found.address() == ("127.0.0.1", 5003)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "compute9"},
        {"tls_name": "a b"},
        {"key": "short"},
        {"url": "127.0.0.1:5002"},
        {"url": "http://h/path"},
        {"more": 1},
    ],
)
def test_a_bad_file_is_refused_and_said_without_its_key(
    tmp_path: Path, changed: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "compute1", **changed)
    write(tmp_path, "compute2")
    (tmp_path / "compute3.json").write_text("{", encoding="utf-8")
    assert sorted(Nodes(tmp_path).all()) == ["compute2"]
    refused = [record for record in caplog.records if record.message == "node file refused"]
    assert {Path(record.__dict__["file"]).name for record in refused} == {"compute1.json", "compute3.json"}
    assert KEY not in str([record.__dict__ for record in refused])


def test_a_name_without_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(nodes_module.socket, "getaddrinfo", unknown)
    with pytest.raises(UnavailableError, match="no address"):
        Node(name="compute1", url="http://compute1.example.org:5002", key=KEY).address()


@pytest.mark.parametrize(
    ("url", "tls_name", "expected"),
    [
        ("http://198.51.100.13:5002", "compute1", None),
        ("https://198.51.100.13:5002", "compute1", "compute1"),
        ("https://compute1.example.org:5002", None, "compute1.example.org"),
    ],
)
def test_a_node_with_tls_is_known_by_a_name(url: str, tls_name: str | None, expected: str | None) -> None:
    node = Node(name="compute1", url=url, key=KEY, tls_name=tls_name)
    assert (node.expected_name, node.peer("gateway:c").tls_name) == (expected, expected)
