# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a bundle is whole: every file of its manifest is there, with the SHA-256 that the manifest says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ..module_utils._inventory import TIERS, Inventory  # noqa: TID252 - so that it is found wherever the collection is

SHOWN = 5  # of the files that are damaged or missing


def problems(inventory: Inventory) -> Iterator[str]:
    """Yield a sentence for each bundle that is none, or not whole, with the names of the files."""
    for folder in sorted({host.text("aen_bundle") for host in inventory.of(*TIERS)} - {""}):
        yield from _of(Path(folder).expanduser())


@cache
def _of(folder: Path) -> tuple[str, ...]:
    """Return the problems of a bundle, read once for all hosts."""
    try:
        said = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        files = {str(name): str(digest) for name, digest in said["files"].items()}
    except OSError:
        return (f"Unpack the bundle, or correct aen_bundle: {folder} has no manifest.json.",)
    except (ValueError, KeyError, TypeError, AttributeError):
        return (f"Unpack the bundle anew: {folder / 'manifest.json'} is damaged.",)
    if leading_out := [name for name in files if Path(name).is_absolute() or ".." in Path(name).parts]:
        return (f"Do not use this bundle: its manifest names {leading_out[0]}, which is outside of it.",)
    wrong = [f"{name} is {what}" for name, digest in sorted(files.items()) if (what := _wrong(folder / name, digest))]
    if not wrong:
        return ()
    more = f", and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    said_of = f"in {folder} {', '.join(wrong[:SHOWN])}{more}"
    return (f"Unpack the bundle anew, from an archive with the right SHA-256: {said_of}.",)


def _wrong(path: Path, digest: str) -> str:
    """Return what is wrong with a file, "" for nothing."""
    try:
        with path.open("rb") as file:
            return "" if hashlib.file_digest(file, "sha256").hexdigest() == digest else "damaged"
    except OSError:
        return "missing"
