# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch every wheel of a lock file, each checked against its hash; kept by the hash of what was asked for."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.wheelhouse.settings import Settings


class WheelhouseError(Exception):
    """The wheelhouse cannot be made; the message says what to do."""


def wheels(settings: Settings, lock: Path, python: str) -> Path:
    """Return the folder with exactly the wheels of the lock file for that CPython; downloaded once.

    Raises:
        WheelhouseError: a wheel is missing for this platform, has another hash, or cannot be fetched.
    """
    asked = "\n".join((python, *settings.platforms, lock.read_text(encoding="utf-8")))
    kept = settings.cache / "wheels" / f"{lock.stem}-{python}-{hashlib.sha256(asked.encode()).hexdigest()[:16]}"
    if kept.is_dir():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    print(f"wheelhouse: fetching the wheels of {lock.name} for CPython {python}", flush=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{kept.name}.", dir=kept.parent))
    try:
        _download(settings, lock, python, fresh)
        fresh.chmod(0o755)
        if not kept.is_dir():
            fresh.rename(kept)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return kept


def _download(settings: Settings, lock: Path, python: str, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", f"--requirement={lock}", f"--dest={folder}"]
    command += [f"--python-version={python}", "--implementation=cp"]
    command += [f"--platform={name}" for name in settings.platforms]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        errors = "\n".join(line for line in done.stderr.splitlines() if line.startswith("ERROR")) or done.stderr
        raise WheelhouseError(f"the wheels of {lock.name} for CPython {python} cannot be fetched:\n{errors}")
