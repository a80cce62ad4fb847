# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from wakari.core import names
from wakari.core.errors import BadInputError


@pytest.mark.parametrize("value", ["a", "alice", "a" * 31, "a-b_c9"])
def test_user_names_that_the_rule_allows(value: str) -> None:
    assert names.user_name(value) == value


@pytest.mark.parametrize(
    "value",
    ["", "Alice", "9a", "-a", "_a", ".a", "a b", "a/b", "a\n", "a" * 32, "ålice", "root", "systemd-x", None, 7, ["a"]],
)
def test_user_names_that_the_rule_refuses(value: object) -> None:
    with pytest.raises(BadInputError) as refusal:
        names.user_name(value)
    assert refusal.value.hint


@pytest.mark.parametrize("value", ["p", "P1", "my_project-2", "p" * 63])
def test_project_names_that_the_rule_allows(value: str) -> None:
    assert names.project_name(value) == value


@pytest.mark.parametrize("value", ["", "1p", "-p", "..", "p.q", "p/q", "p" * 64, "p\n", "é"])
def test_project_names_that_the_rule_refuses(value: str) -> None:
    with pytest.raises(BadInputError):
        names.project_name(value)


def test_a_refused_name_is_shown_escaped_and_cut() -> None:
    with pytest.raises(BadInputError) as refusal:
        names.project_name("\x1b[31m" + "x" * 500)
    assert "\x1b" not in refusal.value.message
    assert len(refusal.value.message) < 120
