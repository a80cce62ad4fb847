# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from tools.up.description import describe
from tools.up.inventory import parse
from tools.up.steps import Step, StepError, run_together

LISTING = {
    "aen_server": {"hosts": ["server"]},
    "aen_gateway": {"hosts": ["gateway1"]},
    "aen_compute": {"hosts": ["compute2", "compute1"]},
    "_meta": {
        "hostvars": {
            "server": {"host_octet": 11},
            "gateway1": {"host_octet": 12},
            "compute1": {"host_octet": 13},
            "compute2": {"host_octet": 14},
        }
    },
}


def lab(**states: str) -> dict[str, Any]:
    octets = {"server": 11, "gateway1": 12, "compute1": 13, "compute2": 14}
    return {
        "ssh_key": "/key",
        "hosts": [
            {"name": name, "address": f"198.51.100.{octet}", "state": states.get(name, "running")}
            for name, octet in octets.items()
        ],
    }


def test_the_description_of_a_running_lab() -> None:
    described = describe(parse(LISTING), lab(), "secret")
    assert described["server_url"] == "http://198.51.100.11"
    assert described["gateway_urls"] == {"gateway1": "http://198.51.100.12:8089"}
    assert described["hosts"]["compute2"] == {"group": "aen_compute", "address": "198.51.100.14"}
    assert (described["admin_user"], described["admin_password"]) == ("wakari", "secret")


def test_a_host_that_does_not_run_is_named() -> None:
    with pytest.raises(StepError, match="compute1"):
        describe(parse(LISTING), lab(compute1="dead"), "secret")


def test_a_host_without_an_address_of_its_own_is_named() -> None:
    with pytest.raises(StepError, match="server has no host_octet"):
        parse({**LISTING, "_meta": {"hostvars": {}}})


def test_steps_side_by_side_fail_together_with_the_name_of_the_one(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StepError, match=r"bad failed \(exit status 3\)"):
        run_together(Step("good", ["sh", "-c", "echo well"]), Step("bad", ["sh", "-c", "echo why; exit 3"]))
    said = capfd.readouterr().out
    assert "good: well" in said
    assert "bad: why" in said
