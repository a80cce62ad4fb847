# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes an environment work where it was moved to: rewrites, in place, the files that name where it was.

Run as root by the privileged helper, in a folder that belongs to people. What is shared with the root distribution
names no environment, so nothing that is shared is touched. It may be interrupted and repeated.

People of the project may stand in its folders meanwhile, and give what is made there another name. So a file is made
and given by its descriptor, and a link, which has none to be given by, in a folder that root alone can reach.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from wakari.environments.clone import prefixed_files
from wakari.environments.clone_tree import SCANNED_SIZE, is_scanned
from wakari.environments.errors import EnvironmentsError, from_os_error
from wakari.environments.relocation import Relocation
from wakari.environments.safe_files import create_regular, directory_at, open_regular, require_own, walk, write_all

_ACCESS = "system.posix_acl_access"
_NOT_OURS = frozenset({"pkgs", "envs"})  # below the top: caches, and environments of their own
_TEMPORARY = ".wakari-moving-"
_SECOND = 10**9  # nanoseconds


def relocate(prefix: Path, source: Path, destination: Path, aside: Path) -> int:
    """Rewrite what names `source` in the environment at `prefix`, for its place at `destination`.

    `aside` is an empty folder on the same file system that nobody but the caller can reach: links are made there.

    Returns how many files and links were rewritten. Mode, owner, ACL and time of a file stay, but that a Python module
    gets a time one second later: byte code made from its former content would be taken for its own. A file that has
    other names is left alone: it is shared.

    Raises:
        EnvironmentsError: `not_an_environment`, `broken_environment`, `prefix_too_long`, `unsafe_path`, `no_space` or
            `system_error`.
    """
    text, binary, _ = prefixed_files(prefix)
    try:
        with directory_at(prefix) as top, directory_at(aside) as apart:
            require_own(apart, str(aside))
            work = _Moved(Relocation(str(source), str(destination)), text, binary, apart)
            for relative, names, here, below in walk(top):
                for name in names:
                    if work.visit(name, relative, here) and (relative or name not in _NOT_OURS):
                        below.append(name)
    except OSError as error:
        raise from_os_error(error, f"moving the environment {destination.name}") from error
    return work.changed


class _Moved:
    """One environment in progress."""

    def __init__(self, relocation: Relocation, text: set[str], binary: dict[str, int], apart: int) -> None:
        self._relocation = relocation
        self._text = text
        self._binary = binary
        self._apart = apart
        self.changed = 0

    def visit(self, name: str, relative: str, here: int) -> bool:
        """Put one name in the open folder right; return whether it is a folder."""
        status = os.stat(name, dir_fd=here, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            return True
        if name.startswith(_TEMPORARY):
            os.unlink(name, dir_fd=here)  # of a run that was interrupted
        elif stat.S_ISLNK(status.st_mode):
            self._link(name, here, status)
        elif stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
            path = relative + name
            scanned = is_scanned(name, relative) and status.st_size <= SCANNED_SIZE
            if path in self._text or path in self._binary or scanned:
                self._file(name, path, here)
        return False

    def _link(self, name: str, here: int, status: os.stat_result) -> None:
        target = os.readlink(name, dir_fd=here)
        leads_to = self._relocation.link(target)
        if leads_to != target:
            temporary = _temporary()
            os.symlink(leads_to, temporary, dir_fd=self._apart)
            # By its name, which nobody else can give to another inode: here it could be a shared file's by now.
            os.chown(temporary, status.st_uid, status.st_gid, dir_fd=self._apart, follow_symlinks=False)
            os.rename(temporary, name, src_dir_fd=self._apart, dst_dir_fd=here)
            self.changed += 1

    def _file(self, name: str, path: str, here: int) -> None:
        try:
            descriptor = open_regular(name, within=here)
        except EnvironmentsError:
            return  # no file any more
        with os.fdopen(descriptor, "rb") as file:
            content = file.read()
            new = self._content(content, path)
            if new is not None:
                self._replace(name, here, descriptor, new)
                self.changed += 1

    def _content(self, content: bytes, path: str) -> bytes | None:
        if not self._relocation.concerns(content):
            return None
        if path in self._binary:
            return self._relocation.binary(content, self._binary[path])
        if path not in self._text and b"\0" in content:
            return None  # an unrecorded program: its strings have no room for another path
        return self._relocation.text(content)

    def _replace(self, name: str, here: int, like: int, content: bytes) -> None:
        status = os.fstat(like)
        temporary = _temporary()
        made = create_regular(temporary, within=here)
        try:
            write_all(made, content)
            os.fchown(made, status.st_uid, status.st_gid)
            os.fchmod(made, stat.S_IMODE(status.st_mode) & 0o777)
            if _ACCESS in os.listxattr(like):
                os.setxattr(made, _ACCESS, os.getxattr(like, _ACCESS))
            later = _SECOND if name.endswith(".py") else 0
            os.utime(made, ns=(status.st_atime_ns, status.st_mtime_ns + later))
            os.rename(temporary, name, src_dir_fd=here, dst_dir_fd=here)
        except BaseException:
            os.unlink(temporary, dir_fd=here)
            raise
        finally:
            os.close(made)


def _temporary() -> str:
    return f"{_TEMPORARY}{secrets.token_hex(4)}"
