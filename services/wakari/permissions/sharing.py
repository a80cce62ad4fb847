# SPDX-License-Identifier: GPL-3.0-or-later
"""Two processes share a walk: who has nothing left asks the other, who gives a directory away, as an open descriptor.

Messages come in the order they were sent, and who asks waits. So when both have asked, nothing is under way: all is
done. Two processes and not threads: the calls that walk a tree are too short for the lock of the interpreter to change
hands in between.
"""

from __future__ import annotations

import os
import socket

_ASK = b"?"
_LONGEST = 4096  # bytes of a path that is handed over, which a socket takes in one piece


class Peer:
    """The other process, by a connected socket that keeps messages apart (SOCK_SEQPACKET)."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._waits = False

    def asks(self) -> bool:
        """Return whether the other waits for a directory. ConnectionError where it is gone."""
        if not self._waits:
            try:
                message = self._connection.recv(1, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False
            if not message:
                raise ConnectionResetError
            self._waits = True
        return True

    def accepts(self, path: str) -> bool:
        """Return whether a directory of this path in the project can be handed over."""
        return len(os.fsencode(path)) < _LONGEST

    def give(self, descriptor: int, path: str) -> None:
        """Hand over an open directory; the descriptor is closed here."""
        try:
            socket.send_fds(self._connection, [b"/" + os.fsencode(path)], [descriptor])
        finally:
            os.close(descriptor)
        self._waits = False

    def take(self) -> tuple[int, str] | None:
        """Return an open directory of the other and its path; None where neither has any. ConnectionError likewise."""
        self._connection.send(_ASK)
        if self._waits:
            return None
        message, descriptors, _, _ = socket.recv_fds(self._connection, _LONGEST + 1, 1)
        if not message:
            raise ConnectionResetError
        if not descriptors:
            return None
        return descriptors[0], os.fsdecode(message[1:])
