# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import os
import tarfile
from pathlib import Path

import pytest

from tools.wheelhouse import bundle
from tools.wheelhouse.download import WheelhouseError
from tools.wheelhouse.settings import Settings
from tools.wheelhouse.wheel import _fingerprint, distribution


def test_the_same_members_give_the_same_bytes_whatever_their_order_and_age(tmp_path: Path) -> None:
    wheel = tmp_path / "a.whl"
    wheel.write_bytes(b"wheel")
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    bundle.write(first, {"wheels/a.whl": wheel, "requirements.txt": b"a==1\n"})
    os.utime(wheel, (1, 1))
    bundle.write(second, {"requirements.txt": b"a==1\n", "wheels/a.whl": wheel})
    assert first.read_bytes() == second.read_bytes()


def test_the_digest_beside_the_archive_is_its_own(tmp_path: Path) -> None:
    archive = tmp_path / "server.tar"
    assert bundle.write(archive, {"requirements.txt": b"a==1\n"})
    said = (tmp_path / "server.tar.sha256").read_text(encoding="ascii").strip()
    assert said == hashlib.sha256(archive.read_bytes()).hexdigest()


def test_an_unchanged_archive_is_left_alone_and_a_changed_one_written(tmp_path: Path) -> None:
    archive = tmp_path / "server.tar"
    assert bundle.write(archive, {"requirements.txt": b"a==1\n"})
    assert not bundle.write(archive, {"requirements.txt": b"a==1\n"})
    assert bundle.write(archive, {"requirements.txt": b"a==2\n"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["server.tar", "server.tar.sha256"]


def test_an_archive_without_its_digest_is_written_again(tmp_path: Path) -> None:
    archive = tmp_path / "server.tar"
    bundle.write(archive, {"requirements.txt": b"a==1\n"})
    (tmp_path / "server.tar.sha256").unlink()
    assert bundle.write(archive, {"requirements.txt": b"a==1\n"})


def test_members_belong_to_root_and_only_named_ones_can_be_run(tmp_path: Path) -> None:
    archive = tmp_path / "mongodb.tar"
    bundle.write(archive, {"bin/mongod": b"elf", "note": b"text"}, frozenset({"bin/mongod"}))
    with tarfile.open(archive) as tar:
        assert {member.name: (member.uid, member.gid, member.mode) for member in tar} == {
            "bin/mongod": (0, 0, 0o755),
            "note": (0, 0, 0o644),
        }


@pytest.fixture
def checkout(tmp_path: Path) -> Settings:
    root = tmp_path / "root"
    (root / "services" / "wakari").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    (root / "services" / "wakari" / "__init__.py").write_text("", encoding="utf-8")
    return Settings(root=root, cache=tmp_path / "cache")


def test_a_changed_source_is_another_distribution_and_a_byte_code_file_is_not(checkout: Settings) -> None:
    before = _fingerprint(checkout.root)
    cache = checkout.root / "services" / "wakari" / "__pycache__"
    cache.mkdir()
    (cache / "x.pyc").write_bytes(b"x")
    assert _fingerprint(checkout.root) == before
    (checkout.root / "services" / "wakari" / "new.py").write_text("", encoding="utf-8")
    assert _fingerprint(checkout.root) != before


def test_a_distribution_that_cannot_be_built_says_why_and_leaves_nothing(checkout: Settings) -> None:
    (checkout.root / "pyproject.toml").write_text("not toml", encoding="utf-8")
    with pytest.raises(WheelhouseError, match="cannot be built"):
        distribution(checkout)
    assert list((checkout.cache / "distribution").iterdir()) == []
