# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-root-helper`: one request on standard input, lines on standard output. Run by sudo as root, without arguments."""

from __future__ import annotations

import logging
import os
import sys
import syslog
import time
from pathlib import Path
from typing import BinaryIO

from wakari.core import logs
from wakari.core.errors import AppError
from wakari.core.messages import MAX_JOB
from wakari.core.settings import SettingsError
from wakari.helper import requests, settings
from wakari.helper.output import Output
from wakari.helper.verbs import Verbs

log = logging.getLogger(__name__)

# All that the programs the helper calls may see of an environment.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"}


def main() -> int:
    """Return the exit status: 0 done, 1 refused or failed (the last line says why), 2 called in a wrong way."""
    if len(sys.argv) > 1:
        sys.stderr.write("wk-root-helper takes no arguments; it reads one JSON request on standard input.\n")
        return 2
    if os.geteuid() != 0:
        sys.stderr.write("wk-root-helper must run as root: sudo -n wk-root-helper\n")
        return 2
    if not sys.flags.isolated:
        # Again, isolated: nothing of the current folder, the environment or a user's site-packages is imported.
        os.execve(sys.executable, [sys.executable, "-I", "-m", "wakari.helper"], ENVIRONMENT)  # noqa: S606
    return run(sys.stdin.buffer, sys.stdout.buffer)


def run(source: BinaryIO, target: BinaryIO, prefix: Path = settings.PREFIX, site: Path = settings.SITE) -> int:
    """Carry out the request of the stream; return the exit status. `prefix` and `site` differ in tests alone."""
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    os.chdir("/")
    os.umask(0o022)
    logs.configure("WARNING")
    syslog.openlog("wk-root-helper", syslog.LOG_PID, syslog.LOG_AUTHPRIV)
    output = Output(target)
    begun = time.monotonic()
    said = "unreadable request"
    try:
        request = requests.parse(source.read(MAX_JOB + 1))
        logs.take_request_id(request.request_id)
        said = _said(request)
        syslog.syslog(syslog.LOG_INFO, f"begin {said}")
        result = Verbs(settings.load(prefix, site), output).run(request)
    except AppError as error:
        return _fail(output, error, f"{said}{_seconds(begun)}")
    except SettingsError as error:
        return _fail(output, AppError("settings_invalid", str(error), status=500), f"{said}{_seconds(begun)}")
    except Exception:
        log.exception("unexpected error")
        why = "The node's helper met an unexpected error."
        hint = "Tell an administrator the request id; the node's log has the details."
        return _fail(output, AppError("internal_error", why, hint=hint, status=500), f"{said}{_seconds(begun)}")
    output.line({"result": result})
    syslog.syslog(syslog.LOG_INFO, f"done {said}{_seconds(begun)}")
    return 0


def _fail(output: Output, error: AppError, said: str) -> int:
    syslog.syslog(syslog.LOG_WARNING, f"failed {said} code={error.code} why={ascii(error.message)[:400]}")
    output.line(error.body(logs.request_id()))
    return 1


def _seconds(begun: float) -> str:
    return f" seconds={time.monotonic() - begun:.2f}"


def _said(request: requests.Request) -> str:
    """Return what is asked and by whom, for the log: all of it validated names."""
    words = [f"verb={request.verb}", f"requested_by={request.requested_by}", f"request_id={request.request_id}"]
    if isinstance(request, requests.StopApp):
        words.append(f"instance={request.instance}")
    elif isinstance(request, requests.EnsureAccounts):
        words.append("people=" + ",".join(person.name for person in request.people)[:400])
    else:
        words.append(f"project={request.project.path}")
    if isinstance(request, requests.LaunchApp):
        words.append(f"app={request.app} user={request.user.name if request.user else '-'}")
    return " ".join(words)
