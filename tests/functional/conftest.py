# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.functional.platform import LOCAL, Account, Kernel, Site


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


@pytest.fixture(autouse=True)
def _close_kernels() -> Iterator[None]:
    yield
    while Kernel.opened:
        Kernel.opened.pop().close()
