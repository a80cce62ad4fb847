# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.unit.environments.conftest import MakePrefix
from wakari.environments import export
from wakari.environments.editable import taken_from_outside
from wakari.environments.errors import EnvironmentsError
from wakari.environments.spec_file import read


def described(prefix: Path, folder: str, name: str, version: str) -> str:
    path = f"lib/python3.11/site-packages/{folder}/METADATA"
    (prefix / path).parent.mkdir()
    (prefix / path).write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return path


@pytest.fixture
def prefix(make_prefix: MakePrefix) -> Path:
    prefix = make_prefix()
    owned = described(prefix, "six-1.17.0.dist-info", "six", "1.17.0")
    described(prefix, "of_pip-2.dist-info", "Of.Pip", "2")
    record = prefix / "conda-meta/python-3.11.2-0.json"
    content = json.loads(record.read_text())
    content |= {"url": "https://c/linux-64/python-3.11.2-0.conda", "sha256": "ab" * 32, "files": [owned]}
    record.write_text(json.dumps(content))
    return prefix


def test_lock_can_be_read_again_and_names_what_it_lacks(prefix: Path, tmp_path: Path) -> None:
    made = export.explicit(prefix)
    assert made.pip == ("Of.Pip==2",)
    (tmp_path / "lock").write_text(made.text)
    assert read(tmp_path / "lock").locked == (f"https://c/linux-64/python-3.11.2-0.conda#sha256:{'ab' * 32}",)


def test_yaml_holds_both(prefix: Path) -> None:
    content = yaml.safe_load(export.environment(prefix, "a").text)
    assert content["dependencies"] == ["python=3.11.2=0", {"pip": ["Of.Pip==2"]}]


def test_package_without_a_hash_is_refused(make_prefix: MakePrefix) -> None:
    with pytest.raises(EnvironmentsError, match="python of") as refused:
        export.explicit(make_prefix())
    assert refused.value.code == "no_hash"


def test_folders_outside_are_named(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    site = prefix / "lib/python3.11/site-packages"
    (site / "inside.pth").write_text(f"{prefix}/src\nimport os\nrelative\n")
    (site / "old.egg-link").write_text("/srv/old\n.\n")
    (site / "mine-1.dist-info").mkdir()
    (site / "mine-1.dist-info/direct_url.json").write_text(
        json.dumps({"url": "file:///projects/a/p/my%20code", "dir_info": {"editable": True}})
    )
    (site / "odd-1.dist-info").mkdir()
    (site / "odd-1.dist-info/direct_url.json").write_text("[")
    assert taken_from_outside(prefix) == [
        "mine is taken from /projects/a/p/my code",
        "old.egg-link is taken from /srv/old",
    ]
