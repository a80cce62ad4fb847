# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks a project and compares, or puts right, the ACL of each inode (docs/permissions.md, "The walk").

The people whose files these are may change the tree while it is walked, on purpose too. Hence: every step down is an
openat(2) of one name that follows no link; what is written to is held by a descriptor first and compared with what was
seen.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import cast

from wakari.core.errors import AppError
from wakari.permissions import links, tree
from wakari.permissions.failures import write_error
from wakari.permissions.inspector import Inspector, Project
from wakari.permissions.links import Links
from wakari.permissions.policy import Policy
from wakari.permissions.report import EXAMPLES, Report
from wakari.permissions.sharing import Peer
from wakari.permissions.walker import Walker

_Found = tuple[Report, Links]
_WORKERS = 2  # the most: who gives work away gives it to one other (sharing.py)


class Engine:
    """One walk over one project. `spared` are the uids whose inodes are never changed: root and the service account.

    The report tells of at most `examples` wrong inodes one by one.
    """

    def __init__(
        self,
        policy: Policy,
        spared: frozenset[int],
        *,
        write: bool,
        progress: Callable[[int], None] | None = None,
        examples: int = EXAMPLES,
    ) -> None:
        self._policy = policy
        self._spared = spared
        self._write = write
        self._examples = examples
        self._progress = progress or (lambda _: None)
        self._seen = 0

    def run(self, root: int) -> Report:
        """Return the report on the directory behind the descriptor (which stays open) and all below it.

        It is walked by processes of its own, as many as there are processors, two at the most.

        Raises:
            AppError: `no_acl_support`, `disk_full`, `read_only` or `permissions_failed`: nothing more can be written.
        """
        tree.allow_many_descriptors()
        try:
            return self._run(root)
        except OSError as error:
            raise write_error(error) from error

    def _run(self, root: int) -> Report:
        device, mount = os.fstat(root).st_dev, tree.mount_id(root)
        mounts = tree.has_mounts_below(root)
        project = Project(self._policy, self._spared, self._write, device, mount, mounts, self._examples)
        began = links.mark()
        inspector = Inspector(project, self._count)
        linked = Links()
        for report, part in self._walk(project, root):
            inspector.report.merge(report)
            linked.merge(part)
        linked.settle(root, inspector, began)
        return inspector.report

    def _walk(self, project: Project, root: int) -> list[_Found]:
        """Return what each worker found; none is left running, whatever happens."""
        number = min(_WORKERS, len(os.sched_getaffinity(0)))
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) if number == _WORKERS else ()
        workers: list[ForkProcess] = []
        channels: list[Connection] = []
        try:
            for mine in range(number):
                ours, theirs = multiprocessing.Pipe(duplex=False)
                channels.append(ours)
                work = _Work(project, root if mine == 0 else None, theirs, [*channels], pair, mine)
                # Forked, so that the descriptor is there, and the modules: 2 ms. Nobody runs the engine beside threads.
                worker = ForkProcess(target=work.run, daemon=True)
                workers.append(worker)
                worker.start()
                theirs.close()
            for end in pair:
                end.close()
            return self._results(channels)
        finally:
            for worker in workers:
                if worker.pid is not None:
                    worker.kill()
                    worker.join()
            for channel in channels:
                channel.close()
            for end in pair:
                end.close()

    def _results(self, channels: list[Connection]) -> list[_Found]:
        found: list[_Found] = []
        running = list(channels)
        while running:
            for channel in cast("list[Connection]", wait(running)):
                try:
                    message = channel.recv()
                except EOFError:
                    running.remove(channel)
                    continue
                if isinstance(message, OSError):
                    raise message
                if isinstance(message, int):
                    self._count(message)
                else:
                    found.append(message)
        if len(found) < len(channels):
            raise AppError(
                "permissions_failed",
                "A process that sets permissions ended before it was done.",
                hint="Look into the journal of this node for its error, or for a lack of memory; then start again.",
                status=500,
            )
        return found

    def _count(self, number: int) -> None:
        self._seen += number
        self._progress(self._seen)


@dataclass(frozen=True)
class _Work:
    """What one worker does, and the ends of pipes it was born with: its own, and those it must not keep open."""

    project: Project
    root: int | None
    channel: Connection
    not_mine: list[Connection]
    pair: tuple[socket.socket, ...]
    number: int

    def run(self) -> None:
        """Walk, and send numbers of inodes seen, then what was found, or the error that stopped it."""
        for channel in self.not_mine:
            channel.close()
        for number, end in enumerate(self.pair):
            if number != self.number:
                end.close()
        peer = Peer(self.pair[self.number]) if self.pair else None
        inspector = Inspector(self.project, self._tell)
        walker = Walker(self.project, inspector, peer)
        try:
            walker.walk(None if self.root is None else os.dup(self.root))
        except ConnectionError:
            return  # the other worker is gone, and has told why if it could
        except OSError as error:
            self._tell(error)
        else:
            self._tell((inspector.report, walker.links))

    def _tell(self, message: int | OSError | _Found) -> None:
        try:
            self.channel.send(message)
        except ConnectionError:
            os._exit(1)  # who started the walk is gone: nobody holds the project's lock for us any more
