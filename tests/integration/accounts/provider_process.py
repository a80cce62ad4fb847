# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenID provider (npm's oidc-provider), installed from the lock file beside it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from tests.authority import Certificate

SOURCE = Path(__file__).parent / "provider"
CLIENT_ID, CLIENT_SECRET = "wakari", "the client's own secret of the test"


class Provider:
    """One provider. `people`: claims by subject. With a certificate it speaks TLS alone."""

    def __init__(
        self,
        redirect_uri: str,
        people: dict[str, dict[str, Any]],
        address: str = "127.0.0.1",
        certificate: Certificate | None = None,
    ) -> None:
        with socket.socket() as probe:
            probe.bind((address, 0))
            self.port: int = probe.getsockname()[1]
        self.issuer = f"{'https' if certificate else 'http'}://{address}:{self.port}"
        tls = certificate and {"cert": certificate.certificate.read_text(), "key": certificate.key.read_text()}
        self._facts = {
            "issuer": self.issuer,
            "tls": tls,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uri": redirect_uri,
            "people": people,
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        self.process = subprocess.Popen(
            ["node", "--no-warnings", "provider.js"],
            cwd=installed(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(self._facts) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line == "ready\n":
                return
        raise AssertionError(f"the provider ended with {self.process.wait()}")

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.terminate()
            self.process.communicate(timeout=20)

    def sign_in(self, address: str, who: str, redirect_uri: str) -> str:
        """Return where the provider sends the browser that came to `address` and says it is `who`; empty: refuses."""
        with requests.Session() as browser:
            browser.trust_env = False
            while not address.startswith(redirect_uri):
                answer = browser.get(address, allow_redirects=False, timeout=20)
                if answer.status_code == 200:
                    answer = browser.post(address, data={"who": who}, allow_redirects=False, timeout=20)
                assert answer.is_redirect, re.sub(r"<[^>]+>|\s+", " ", answer.text)[:1000]
                address = urljoin(address, answer.headers["Location"])
        return address


def installed() -> Path:
    """Return a folder with the provider and its packages, every one checked against the lock file."""
    lock = (SOURCE / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "wakari-tests"
    folder = cache / f"provider-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not (folder / "node_modules/.package-lock.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCE / name, folder)
        assert shutil.which("npm"), "npm is missing: apt-get install npm"
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True)
    shutil.copy(SOURCE / "provider.js", folder)
    return folder
