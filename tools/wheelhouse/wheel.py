# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the wheel of this checkout's distribution: the same sources give the same bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools.wheelhouse.download import WheelhouseError
from tools.wheelhouse.settings import Settings

EPOCH = "946684800"  # 2000-01-01: a zip archive cannot say anything before 1980
PARTS = ("pyproject.toml", "README.md", "LICENSE")


def distribution(settings: Settings) -> Path:
    """Return the wheel of the distribution, built anew only where a source file changed.

    Raises:
        WheelhouseError: the build failed; the message ends with what it said.
    """
    kept = settings.cache / "distribution" / _fingerprint(settings.root)
    found = sorted(kept.glob("*.whl"))
    if found:
        return found[0]
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build.", dir=kept.parent) as name:
        # Built from a copy: setuptools leaves files in build/ that a later build would take for sources.
        tree = Path(name) / "tree"
        tree.mkdir()
        for path in _sources(settings.root):
            copy = tree / path.relative_to(settings.root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        _build(tree, Path(name) / "out")
        if not kept.is_dir():
            (Path(name) / "out").rename(kept)
    return next(iter(sorted(kept.glob("*.whl"))))


def _build(tree: Path, out: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(tree)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise WheelhouseError(f"the wheel cannot be built:\n{(done.stdout + done.stderr)[-4000:]}")


def _sources(root: Path) -> Iterator[Path]:
    yield from (root / part for part in PARTS if (root / part).is_file())
    for path in sorted((root / "services").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and not path.parent.name.endswith(".egg-info"):
            yield path


def _fingerprint(root: Path) -> str:
    digest = hashlib.sha256()
    for path in _sources(root):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root)} {content}\n".encode())
    return digest.hexdigest()[:32]
