# SPDX-License-Identifier: GPL-3.0-or-later
"""Each check of the repository finds what it is there for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.checks import licence, locks

SPDX = "# SPDX-License-Identifier: GPL-3.0-or-later\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


def track(checkout: Path, name: str, content: str) -> None:
    path = checkout / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    subprocess.run(["git", "-C", checkout, "add", name], check=True)


def test_a_source_without_its_licence_line_is_found(checkout: Path) -> None:
    track(checkout, "good.py", SPDX + "x = 1\n")
    track(checkout, "bad.py", "x = 1\n")
    track(checkout, "data.json", "{}")
    assert [problem.split(":")[0] for problem in licence.problems(checkout)] == ["bad.py"]


def test_vendored_code_needs_a_licence_beside_it(checkout: Path) -> None:
    track(checkout, "static/vendor/one/one.js", "1")
    track(checkout, "static/vendor/two/two.js", "2")
    track(checkout, "static/vendor/two/LICENSE", "MIT")
    assert [problem.split(":")[0] for problem in licence.problems(checkout)] == ["static/vendor/one/one.js"]


@pytest.mark.parametrize(
    ("line", "fine"),
    [
        ("flask==3.1.3 \\\n    --hash=sha256:aa\n", True),
        ("colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:aa\n", True),
        ("flask>=3 \\\n    --hash=sha256:aa\n", False),
        ("flask==3.1.3\n", False),
        ("--index-url example\n", False),
    ],
)
def test_a_lock_file_has_a_version_and_a_hash_on_each_line(tmp_path: Path, line: str, fine: bool) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "x.txt").write_text(line)
    assert (list(locks.problems(tmp_path)) == []) is fine
