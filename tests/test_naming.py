"""Spellings of one name meet in a normal form, different names do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.naming import normal_form


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("iPhone 15", "iphone  15"),
        ("ＲＸ-200", "RX-200"),
        ("won’t turn on", "WON'T TURN ON!"),
        ("Acme\u200bRouter", "AcmeRouter"),
        ("«Slack».", "«slack»"),
    ],
)
def test_spellings_of_one_name_share_a_normal_form(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize(
    ("one", "other"), [("X200", "X300"), ("iphone 15", "iphone 15 pro"), ("air", "hair")]
)
def test_different_names_keep_different_normal_forms(one: str, other: str) -> None:
    assert normal_form(one) != normal_form(other)


@given(st.text())
def test_a_normal_form_is_its_own_normal_form(text: str) -> None:
    once = normal_form(text)
    assert normal_form(once) == once
