# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller gathers no facts: what is made of them is neither right nor wrong there."""

from __future__ import annotations

import pytest

from plugins.plugin_utils._read_inventory import _needs_facts
from plugins.plugin_utils._role_variables import defaults, internals

VARIABLES = {
    "aen_direct": "{{ ansible_facts['memtotal_mb'] }}",
    "aen_named": "{{ __aen_internal }}",
    "__aen_internal": {"memory_max": "{{ ansible_facts['memtotal_mb'] // 2048 }}G"},
    "aen_circle": "{{ aen_circle }}",
    "aen_misspelt": "{{ aen_nowhere }}",
    "aen_text": "ansible_facts",
    "aen_number": 3,
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("aen_direct", True),
        ("aen_named", True),
        ("aen_circle", False),
        ("aen_misspelt", False),
        ("aen_text", False),
        ("aen_number", False),
    ],
)
def test_values_made_of_facts_are_told_from_mistakes(name: str, expected: bool) -> None:
    assert _needs_facts(VARIABLES[name], VARIABLES) is expected


def test_the_limits_that_the_compute_role_makes_of_a_nodes_size_are_such() -> None:
    variables = {**internals("aen_compute"), **defaults("aen_compute")}
    assert _needs_facts(variables["__aen_compute_app_limits"], variables)
