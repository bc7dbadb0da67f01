"""No cell of a table is a formula."""

from __future__ import annotations

import re

import pytest

from earmark.spreadsheet import guarded


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\r=1",
        "\n=1",
        "\0=1",
        " =1",
        "\u200b=1",
        "\uff1d1",
        "\ufeff \uff0b1",
    ],
)
def test_what_could_be_a_formula_gets_a_quote(text: str) -> None:
    assert guarded(text) == "'" + re.sub(r"[\x00-\x1f]", " ", text)


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\x9b2Jb", "a\r\nb", "a\x00b", "a\tb", "a\u2028b", "a\x7fb"])
def test_a_cell_is_one_line_without_control_characters(text: str) -> None:
    """Escapes would steer the terminal that shows the table, and NUL ends a line for many readers."""
    cell = guarded(text)
    assert cell.isprintable()
    assert (len(cell), cell[0], cell[-1]) == (len(text), "a", "b")


@pytest.mark.parametrize("text", ["", "Slack", "won't turn on", "a=b", "C++", "  two words", "'=1"])
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text
