# SPDX-License-Identifier: GPL-3.0-or-later
"""Markdown that people write, as HTML that is safe to show: CommonMark and tables, without raw HTML and pictures.

Two guards, each enough by itself: the parser passes no HTML through and refuses addresses that run code; what it made
is cleaned against the list of what may be there. The pages' Content-Security-Policy runs no script besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

_OUTER_HEADINGS = 2  # the page's own: its title, and that of the panel the text stands in
_LOWEST_HEADING = 6
_ALIGNED = {"text-align:left": "text-start", "text-align:center": "text-center", "text-align:right": "text-end"}
_CELLS = ("th", "td")
_MOST_CELLS = 5000  # of a table: rows of one letter are filled up, so that a short text may ask for any number
_BLOCKS = {"p", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "li", "hr", "br"}
_TAGS = _BLOCKS | {"a", "code", "em", "strong", "table", "thead", "tbody", "tr", *_CELLS}
_ADDRESSES = ("http://", "https://", "mailto:", "/")  # in full, or from this server's root


def _address(tag: str, name: str, value: str) -> str | None:
    """Return the value of an attribute; None for an address that is none of those."""
    del tag
    return None if name == "href" and not value.lower().startswith(_ADDRESSES) else value


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes={"a": {"href", "title"}, "ol": {"start"}},
    allowed_classes={cell: set(_ALIGNED.values()) for cell in _CELLS},
    attribute_filter=_address,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener nofollow",
)


def rendered(text: str) -> Markup:
    """Return the text as HTML; what it must not hold is left out or shown as it was typed.

    Headings begin below those of the page; a picture becomes a link to it, so that reading a page tells no other site.
    """
    # Ours to trust: this is what the cleaner is for.
    return Markup(_CLEANER.clean(_PARSER.render(text)))  # noqa: S704


def _fit(state: StateCore) -> None:
    """Lower the headings; say the alignment of cells by a class, which the pages' policy lets through."""
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + _OUTER_HEADINGS, _LOWEST_HEADING)}"
        elif token.tag in _CELLS and (style := token.attrs.pop("style", None)):
            token.attrs["class"] = _ALIGNED[str(style)]


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a table, unless it may have too many cells: then it stays text."""
    columns = state.src[state.bMarks[start] : state.eMarks[start]].count("|") + 1
    return columns * (end - start) <= _MOST_CELLS and table(state, start, end, silent)


def _picture(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:  # noqa: ANN401 - the parser's own
    token = tokens[index]
    address = escapeHtml(str(token.attrs["src"]))
    return f'<a href="{address}">{escapeHtml(token.content) or address}</a>'


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.core.ruler.push("fit", _fit)
    parser.add_render_rule("image", _picture)
    return parser


_PARSER = _parser()
