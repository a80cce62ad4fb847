# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from wakari.core.settings import SettingsError
from wakari.store.indexes import INDEXES
from wakari.store.sealed import Sealer


def test_what_is_sealed_opens_with_the_same_secret_only() -> None:
    sealed = Sealer("a" * 50).seal("the gateway's key")
    assert "gateway" not in sealed
    assert Sealer("a" * 50).open(sealed) == "the gateway's key"
    with pytest.raises(SettingsError, match="another secret key"):
        Sealer("b" * 50).open(sealed)


def test_a_changed_seal_is_refused() -> None:
    sealed = Sealer("a" * 50).seal("the gateway's key")
    head, key, iv, text, tag = sealed.split(".")
    with pytest.raises(SettingsError):
        Sealer("a" * 50).open(".".join((head, key, iv, "A" + text[1:] if text[0] != "A" else "B" + text[1:], tag)))


def test_indexes_of_one_collection_have_names_of_their_own() -> None:
    for models in INDEXES.values():
        names = [model.document["name"] for model in models]
        assert len(names) == len(set(names))
