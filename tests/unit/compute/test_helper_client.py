# SPDX-License-Identifier: GPL-3.0-or-later
"""The launcher's side of the helper's contract, with small programs in the helper's place."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from wakari.compute.helper_client import HelperClient
from wakari.core.errors import AppError, UnavailableError


def client(code: str, timeout: float = 10.0) -> HelperClient:
    return HelperClient(
        [sys.executable, "-c", f"import json, sys, time\nrequest = json.load(sys.stdin)\n{code}"], timeout
    )


def test_request_reaches_the_helper_and_its_lines_come_back() -> None:
    lines = client(
        "print(json.dumps({'step': request['verb']})); print(json.dumps({'result': {'by': request['requested_by']}}))"
    )
    assert list(lines.stream("stop-app", "alice", instance="0")) == [{"step": "stop-app"}, {"result": {"by": "alice"}}]


def test_refusal_keeps_its_code_and_gets_a_status() -> None:
    code = "print(json.dumps({'error': {'code': 'app_forbidden', 'message': 'no'}}))"
    with pytest.raises(AppError) as caught:
        client(code).call("launch-app", "alice")
    assert (caught.value.code, caught.value.status) == ("app_forbidden", 403)


@pytest.mark.parametrize(
    "code",
    ["pass", "print('{}')", "print('no json')", "print('[]')", "sys.exit(3)", "print(json.dumps({'step': 'x'}))"],
)
def test_helper_that_breaks_off_is_unavailable(code: str) -> None:
    with pytest.raises(UnavailableError):
        client(code).call("stop-app", "alice")


def test_missing_helper_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cannot be run"):
        HelperClient([str(tmp_path / "absent")], 1).call("stop-app", "alice")


def test_silence_has_an_end() -> None:
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match="silent"):
        client("time.sleep(3)", timeout=0.3).call("stop-app", "alice")
    assert time.monotonic() - begun < 2


def test_caller_that_goes_away_does_not_stop_the_helper(tmp_path: Path) -> None:
    code = f"print('{{}}', flush=True); time.sleep(0.3); open({str(tmp_path / 'done')!r}, 'w').close()"
    lines = client(code).stream("start-project", "alice")
    next(lines)
    lines.close()
    deadline = time.monotonic() + 5
    while not (tmp_path / "done").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (tmp_path / "done").exists()


def test_much_on_standard_error_does_not_block() -> None:
    code = "sys.stderr.write('x' * 1_000_000); print(json.dumps({'result': {}}))"
    assert client(code).call("stop-app", "alice") == {}
