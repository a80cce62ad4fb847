# SPDX-License-Identifier: GPL-3.0-or-later
"""Data centers and compute nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._client import Client, Json, segment
from ._entity import CannotError, Found, Kind, differing, overlaid


class DataCenters(Kind):
    """Registered gateways. The API knows them by id, people by name."""

    noun = "data center"

    def label(self, wanted: Mapping[str, Any]) -> str:
        """Return the name."""
        return str(wanted["name"])

    def path(self, wanted: Mapping[str, Any], found: Found | None) -> str:
        """Return the address; only of one that was found."""
        del wanted
        return f"/data-centers/{segment(found.item['id'] if found else '')}"

    def find(self, client: Client, wanted: Mapping[str, Any]) -> Found | None:
        """Return the data center of this name with its tag; a site has few."""
        for item in client.items("/data-centers"):
            if item["name"] == wanted["name"]:
                # Without a tag: its health, which is in what the tag is made of, changes all the time.
                return Found(item)
        return None

    def shown(self, item: Json) -> Json:
        """Return the fields that the module manages."""
        return {name: item[name] for name in ("name", "url", "summary")}

    def target(self, wanted: Mapping[str, Any], before: Json | None) -> Json:
        """Return how it shall be."""
        target = overlaid(before, {"name": wanted["name"], "url": None, "summary": ""}, wanted)
        return {**target, "url": as_url(target["url"])}

    def creation(self, client: Client, wanted: Mapping[str, Any], target: Json) -> tuple[str, Json]:
        """Return how it is created."""
        del client
        if not target["url"]:
            raise CannotError(f"There is no data center {wanted['name']}. Give the url of its gateway to register it.")
        return "/data-centers", target

    def patch(self, wanted: Mapping[str, Any], before: Json, target: Json) -> Json:
        """Return what differs."""
        del wanted
        return differing(before, target)

    def secret(self, answer: Json) -> str:
        """Return the client secret of a new data center."""
        return str(answer.get("client_secret") or "")


class ComputeNodes(Kind):
    """Registered compute nodes. `centers`: names of data centers by id."""

    noun = "compute node"
    fixed = ("data_center",)

    def __init__(self) -> None:
        self.centers: dict[str, str] = {}

    def label(self, wanted: Mapping[str, Any]) -> str:
        """Return the node's name."""
        return str(wanted["name"])

    def path(self, wanted: Mapping[str, Any], found: Found | None) -> str:
        """Return the address."""
        del found
        return f"/nodes/{segment(wanted['name'])}"

    def find(self, client: Client, wanted: Mapping[str, Any]) -> Found | None:
        """Return the node."""
        if not self.centers:
            self.centers = {center["id"]: center["name"] for center in client.items("/data-centers")}
        item, _ = client.find(self.path(wanted, None))
        return None if item is None else Found(item)

    def shown(self, item: Json) -> Json:
        """Return the fields that the module manages; the data center by its name."""
        plain = {name: item[name] for name in ("name", "url", "description", "drained")}
        return {**plain, "data_center": self.centers.get(item["data_center"], item["data_center"])}

    def target(self, wanted: Mapping[str, Any], before: Json | None) -> Json:
        """Return how it shall be; the data center may be named by its id too."""
        defaults = {"name": wanted["name"], "url": None, "description": "", "drained": False, "data_center": None}
        target = overlaid(before, defaults, {**wanted, "drained": wanted["state"] == "drained"})
        center = target["data_center"]
        return {**target, "url": as_url(target["url"]), "data_center": self.centers.get(center, center)}

    def creation(self, client: Client, wanted: Mapping[str, Any], target: Json) -> tuple[str, Json]:
        """Return how it is created; a node that does not exist cannot be drained."""
        del client
        if target["drained"]:
            raise CannotError(f"There is no compute node {wanted['name']} to drain. Check its name.")
        if not target["url"] or not target["data_center"]:
            raise CannotError(f"There is no compute node {wanted['name']}. Give url and data_center to register it.")
        return "/nodes", {name: target[name] for name in ("name", "url", "description", "data_center")}

    def patch(self, wanted: Mapping[str, Any], before: Json, target: Json) -> Json:
        """Return what differs."""
        del wanted
        return differing(before, target)


def as_url(url: str | None) -> str | None:
    """Return the URL as the server keeps it: without the slash at its end, the host in lower case."""
    if url is None:
        return None
    scheme, separator, rest = url.rstrip("/").partition("://")
    return f"{scheme}{separator}{rest.lower()}"
