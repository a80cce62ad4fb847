# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.functional.platform import LOCAL, Account, Site


@pytest.fixture(scope="session")
def site() -> Site:
    assert LOCAL.exists(), "No platform is running: `make up` starts one."
    return Site.read()


@pytest.fixture
def alice(site: Site) -> Account:
    return site.new_account("alice")


@pytest.fixture
def bob(site: Site) -> Account:
    return site.new_account("bob")
