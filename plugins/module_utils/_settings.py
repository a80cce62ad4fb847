# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the site, in the words of the module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._client import Client, Json

SAME_NAME = (
    "announcement",
    "anonymous_reading",
    "open_registration",
    "registration_approval",
    "password_min_length",
)
VISIBILITY = {"public": True, "private": False, "default": None}


def shown(item: Json) -> Json:
    """Return the settings as the module's options name them."""
    words = {value: word for word, value in VISIBILITY.items()}
    return {
        "default_visibility": words[item["default_project_public"]],
        **{name: item[name] for name in SAME_NAME},
    }


def change_settings(client: Client, wanted: Mapping[str, Any]) -> Json:
    """Return what a module answers after it brought the settings in line."""
    found, etag = client.find("/settings")
    before = shown(found or {})
    after = {name: value if wanted[name] is None else wanted[name] for name, value in before.items()}
    if after != before and not client.read_only:
        body: Json = {}
        if after["default_visibility"] != before["default_visibility"]:
            body["default_project_public"] = VISIBILITY[after["default_visibility"]]
        body |= {name: after[name] for name in SAME_NAME if after[name] != before[name]}
        after = shown(client.write("PATCH", "/settings", body, etag))
    return {"changed": after != before, "settings": after, "diff": {"before": before, "after": after}}
