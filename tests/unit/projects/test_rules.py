# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from wakari.core.errors import BadInputError
from wakari.projects.create import check_summary
from wakari.projects.lifecycle import ANY, START_FROM, STOP_FROM
from wakari.projects.sites import check_url


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://gw1:8089", "http://gw1:8089"),
        ("https://GW1.Example.org/", "https://gw1.example.org"),
        ("http://198.51.100.12:8089", "http://198.51.100.12:8089"),
        ("http://[2001:db8::1]:8089", "http://[2001:db8::1]:8089"),
    ],
)
def test_urls_are_kept_in_one_form(url: str, kept: str) -> None:
    assert check_url(url) == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gw1",
        "//gw1",
        "http://",
        "http://gw1/x",
        "http://gw1?x",
        "http://gw1#x",
        "http://u@gw1",
        "http://gw1:x",
        "http://g\u00fc",
    ],
)
def test_what_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(BadInputError):
        check_url(url)


@pytest.mark.parametrize("summary", ["x" * 201, "two\nlines", "bell\x07"])
def test_a_summary_is_one_short_line(summary: str) -> None:
    with pytest.raises(BadInputError):
        check_summary(summary)


def test_each_state_can_be_left() -> None:
    assert set(START_FROM) | set(STOP_FROM) | {"stopping"} == set(ANY)
