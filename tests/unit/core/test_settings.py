# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import Field

from wakari.core.settings import Settings, SettingsError, build, read_files


class Inner(Settings):
    size: int = 1


class Example(Settings):
    port: int = 1
    name: str
    root: str = Field(default="/", alias="theRoot")
    inner: Inner = Inner()


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_the_last_file_that_sets_an_option_wins_and_is_known(tmp_path: Path) -> None:
    first = write(tmp_path / "a.json", {"port": 1, "name": "a"})
    second = write(tmp_path / "b.json", {"port": 2})
    loaded = read_files([first, tmp_path / "absent.json", second])
    assert build(Example, loaded) == Example(port=2, name="a")
    assert loaded.origins == {"port": second, "name": first}
    assert loaded.files == (first, second)


def test_a_required_file_that_is_missing_is_named(tmp_path: Path) -> None:
    absent = tmp_path / "absent.json"
    with pytest.raises(SettingsError, match=r"absent\.json"):
        read_files([absent], required=[absent])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"name": "a", "prot": 1}, ["a.json", "'prot'", "spelling"]),
        ({"name": "a", "port": "many"}, ["a.json", "'port'", "integer"]),
        ({}, ["a.json", "'name'", "missing"]),
        ({"name": "a", "inner": {"sise": 1}}, ["a.json", "'inner.sise'", "spelling"]),
        ({"name": "a", "inner": {"size": "x"}}, ["a.json", "'inner.size'", "integer"]),
        ({"name": "a", "inner": 7}, ["a.json", "'inner'"]),
        ({"name": "a", "root": "/x"}, ["a.json", "unknown key 'root'", "'theRoot'"]),
        ("[1]", ["a.json", "one JSON object"]),
        ("{", ["a.json", "not valid JSON"]),
    ],
    ids=[
        "unknown key",
        "wrong type",
        "missing key",
        "unknown key inside",
        "wrong type inside",
        "no object inside",
        "name of the code",
        "no object",
        "no JSON",
    ],
)
def test_a_bad_file_is_refused_with_file_and_key(tmp_path: Path, content: object, said: list[str]) -> None:
    path = write(tmp_path / "a.json", content)
    with pytest.raises(SettingsError) as refusal:
        build(Example, read_files([path]))
    for words in said:
        assert words in str(refusal.value)


def test_each_file_that_was_read_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = [write(tmp_path / "a.json", {}), tmp_path / "absent.json", write(tmp_path / "b.json", {})]
    with caplog.at_level("INFO", "wakari.core.settings"):
        read_files(paths)
    told = [record.__dict__["file"] for record in caplog.records if record.message == "loaded configuration"]
    assert told == [str(paths[0]), str(paths[2])]
