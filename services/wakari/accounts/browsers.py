# SPDX-License-Identifier: GPL-3.0-or-later
"""The name of a browser, for people: what its User-Agent says, in words. Whoever sends one may say anything."""

from __future__ import annotations

from collections.abc import Iterable

# The first that is found counts: most browsers name others too, for sites that ask (RFC 9110, 10.1.5).
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def words(user_agent: str) -> str:
    """Return for instance "Firefox on Linux"; "Another program" where it names no browser that is known here."""
    browser = _first(user_agent, BROWSERS)
    system = _first(user_agent, SYSTEMS)
    return f"{browser or 'Another program'}{f' on {system}' if system else ''}"


def _first(text: str, known: Iterable[tuple[str, str]]) -> str:
    return next((name for mark, name in known if mark in text), "")
