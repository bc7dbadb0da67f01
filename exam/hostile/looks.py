"""What makes an output harmless, whatever the data holds. Each check yields a line for every violation."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser

FORMULA = frozenset("=+-@\t\r\n\0")
BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SCRIPTS = 3
"""Elements of a report's page: its data, the charts' library, its own script."""
_FORBIDDEN = frozenset(
    ["applet", "audio", "base", "embed", "form", "frame", "iframe", "img", "link", "object", "video"]
)


def unsafe_terminal(output: str) -> Iterator[str]:
    """What a terminal without colours must not be sent: anything but text and line ends."""
    for character in sorted(set(output)):
        control = unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\r\t"
        if control or character in BIDI:
            yield f"U+{ord(character):04X} reaches the terminal"
    if any(line.startswith("X-Evil") for line in output.splitlines()):
        yield "data begins a line of its own"


def unsafe_table(table: str) -> Iterator[str]:
    """Cells that a spreadsheet would compute, cells that steer a terminal, rows that are not as wide as the first."""
    header, *rows = csv.reader(io.StringIO(table, newline=""), strict=True)
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            yield f"row {number} has {len(row)} cells under {len(header)} columns"
        for cell in row:
            plain = unicodedata.normalize("NFKC", cell)
            seen = "".join(c for c in plain if c != " " and unicodedata.category(c) != "Cf")
            if {plain[:1], seen[:1]} & FORMULA:
                yield f"row {number} has the formula {cell[:30]!a}"
            if any(unicodedata.category(c) == "Cc" for c in cell):
                yield f"row {number} has a control character in {cell[:30]!a}"


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.violations: list[str] = []
        self.scripts = 0
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        if tag in _FORBIDDEN:
            self.violations.append(f"the element {tag}")
        for name, value in attrs:
            if name.startswith("on") or name in {"src", "srcdoc", "style", "action", "formaction"}:
                self.violations.append(f"the attribute {name} of {tag}")
            if name in {"href", "xlink:href"} and not (value or "").startswith("#"):
                self.violations.append(f"a link out of the page, of {tag}")

    def handle_data(self, data: str) -> None:
        self.text += data


def unsafe_page(html: str) -> Iterator[str]:
    """Elements, attributes, handlers and links that can only come from data."""
    page = _Page(html)
    yield from page.violations
    if page.scripts != SCRIPTS:
        yield f"{page.scripts} scripts, not {SCRIPTS}"


def missing_text(html: str, *texts: str) -> Iterator[str]:
    """Texts that a page should show as they are, and does not: a template computed them, or they broke out."""
    shown = _Page(html).text
    for text in texts:
        if text not in shown:
            yield f"the page does not show {text!a} as text"
