"""No cell of a table is a formula."""

from __future__ import annotations

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
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Slack", "won't turn on", "a=b", "C++", "  two words", "'=1"])
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text
