# SPDX-License-Identifier: GPL-3.0-or-later
"""What people write in Markdown, and what of it reaches a browser: hostile texts, each read again as a browser does."""

from __future__ import annotations

import time
from html.parser import HTMLParser
from typing import Any

import pytest

from wakari.projects.create import MAX_DESCRIPTION
from wakari.server import markdown
from wakari.server.markdown import rendered

ALLOWED = {"a": {"href", "title", "rel"}, "ol": {"start"}, "th": {"class"}, "td": {"class"}}


class Page(HTMLParser):
    """What a browser would find in the text: each tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext></p><style><img src=x onerror=alert(1)>",
    "<iframe srcdoc='&lt;script&gt;alert(1)&lt;/script&gt;'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<form action=/logout method=post><button>x</button></form>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<div style='position:fixed;inset:0'>x</div>",
    "<style>*{display:none}</style>",
    "<base href=//evil.test>",
    "<meta http-equiv=refresh content='0;url=//evil.test'>",
    "</div></section><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](%6Aavascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](<\x01javascript:alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "[x](blob:http://a/b)",
    "[x](filesystem:http://a/b)",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "[x][y]\n\n[y]: data:text/html,<script>alert(1)</script>",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "![x](data:image/png;base64,AAAA)",
    '![x](http://a/"onerror="alert(1))',
    '![x" onerror="alert(1)](http://a/b "t\\" onload=alert(1)")',
    '[x](http://a/ "t\\" onmouseover=\\"alert(1)")',
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "[a [b](javascript:alert(1)) c](data:text/html,x)",
    "> - 1. > [x](javascript:alert(1))\n> - <script>alert(1)</script>",
    "**<script>**alert(1)**</script>**",
    "`<script>alert(1)</script>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    '```"onmouseover="alert(1)\nx\n```',
    "| <script>alert(1)</script> |\n| :-: |\n| [x](javascript:alert(1)) |",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202e\u2066<script>\u2069",
]


def check(html: str) -> None:
    for tag, attributes in Page(html).found:
        assert tag in markdown._TAGS, tag
        assert set(attributes) <= ALLOWED.get(tag, set()), attributes
        if tag == "a":
            assert attributes["rel"] == "noopener nofollow"
            address = attributes.get("href") or ""
            assert not address or address.startswith(("http://", "https://", "mailto:", "/")), address


class Untouched:
    def clean(self, html: str) -> str:
        return html


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stays_text(text: str) -> None:
    check(rendered(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_each_guard_suffices(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check(markdown._CLEANER.clean(text))
    monkeypatch.setattr(markdown, "_CLEANER", Untouched())
    for tag, attributes in Page(rendered(text)).found:
        assert tag in markdown._TAGS
        assert set(attributes) <= {"href", "title", "class"}
        assert not (attributes.get("href") or "").lower().startswith(("javascript", "vbscript", "data:text", "file:"))


def test_what_is_meant_to_work_works() -> None:
    text = "# One\n\nTwo *three* **four** `five`\n\n- six\n\n3. seven\n\n```py\n8\n```\n\n> nine\n\n---\n"
    html = rendered(text)
    for piece in (
        "<h3>One</h3>",
        "<em>three</em>",
        "<strong>four</strong>",
        "<code>five</code>",
        "<li>six</li>",
        '<ol start="3">',
        "<pre><code>8\n</code></pre>",
        "<blockquote>",
        "<hr>",
    ):
        assert piece in html
    assert rendered("###### x") == "<h6>x</h6>\n"
    assert rendered("[a](https://a.test 'b')") == (
        '<p><a href="https://a.test" title="b" rel="noopener nofollow">a</a></p>\n'
    )
    assert '<td class="text-end">1</td>' in rendered("| a |\n| -: |\n| 1 |")
    assert 'href="/alice/other"' in rendered("[b](/alice/other)")
    assert rendered("") == ""


def test_a_picture_is_a_link_to_it() -> None:
    html = rendered("![Ice & snow](https://a.test/i.png)")
    assert html == '<p><a href="https://a.test/i.png" rel="noopener nofollow">Ice &amp; snow</a></p>\n'
    assert "https://a.test/i.png</a>" in rendered("![](https://a.test/i.png)")


@pytest.mark.parametrize(
    "text",
    ["[", "![[", "*a_", "a**b", "[a](", "`a", "> ", "- ", "<", "&", "|a", "[a]: b\n", "- x\n ", "\n| a |\n| - |\n"],
)
def test_no_text_takes_long(text: str) -> None:
    timed((text * MAX_DESCRIPTION)[:MAX_DESCRIPTION])


def test_a_table_that_is_filled_up_without_end_stays_text() -> None:
    wide = "|" + "a|" * 400 + "\n|" + "-|" * 400 + "\n" + "|\n" * 1600
    assert "<table>" not in timed(wide[:MAX_DESCRIPTION])
    assert "<table>" in rendered("|" + "a|" * 40 + "\n|" + "-|" * 40 + "\n" + "|\n" * 80)


def timed(text: str) -> Any:
    began = time.process_time()
    html = rendered(text)
    assert time.process_time() - began < 2, "0.4 s on the slowest machine it was tried on"
    return html
