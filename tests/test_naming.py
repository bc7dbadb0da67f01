"""Spellings of one name meet in a normal form, different names do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.naming import as_typed, normal_form, product_form, singular

NAMELIKE = st.text(alphabet="abefhimnoprstxyzABXßİſⅷ™é 0123459-_'’.+\u200b\u00ad", max_size=24)


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


@pytest.mark.parametrize(
    ("spellings", "name"),
    [
        (
            ("iphone15", "iPhone 15", "iphone-15", "my iPhone15", "The IPHONE 15!", "ｉＰｈｏｎｅ１５"),
            "iphone 15",
        ),
        (("iPhone15Pro", "iphone 15 pro", "iphone-15-pro"), "iphone 15 pro"),
        (("ps4", "PS 4", "ps-4"), "ps 4"),
        (("windows11", "Windows 11"), "windows 11"),
        (("X200", "x-200", "x 200", "your X200"), "x200"),
        (("s23", "S 23"), "s23"),
        (("s23ultra", "S23 Ultra", "S23-Ultra"), "s23 ultra"),
        (("headphones", "my headphone", "Headphones"), "headphone"),
        (("batteries", "the battery"), "battery"),
        (("WH-1000XM4", "wh1000xm4"), "wh 1000xm4"),
        (("Acme™ Router", "acme router", "Acme Router’s", "acme routers"), "acme router"),
    ],
)
def test_spellings_of_one_product_share_a_name(spellings: tuple[str, ...], name: str) -> None:
    assert {product_form(spelling) for spelling in spellings} == {name}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("X200", "X300"),
        ("s23", "s23 ultra"),
        ("iphone 15", "iphone 16"),
        ("iphone 15", "iphone 1 5"),
        ("iphone 15", "iphone 15s"),
        ("windows", "window"),
        ("Disney", "Disney+"),
        ("usb 3.0", "usb 30"),
    ],
)
def test_different_products_keep_different_names(one: str, other: str) -> None:
    assert product_form(one) != product_form(other)


@pytest.mark.parametrize(
    "name",
    [
        "24h2",
        "windows 11 24h2",
        "rf 24-105",
        "2in1",
        "a 2 year plan",
        "t-shirt",
        "128gb",
        "lens",
        "ios",
        "usb 3.0",
    ],
)
def test_what_reads_well_is_left_as_it_is(name: str) -> None:
    assert product_form(name) == name


@pytest.mark.parametrize("text", ["my", "the the", "'s", "-", "™", "s"])
def test_a_text_without_a_name_in_it_still_has_one(text: str) -> None:
    assert product_form(text)


@given(NAMELIKE | st.text(max_size=30))
def test_a_product_form_is_its_own_product_form(text: str) -> None:
    once = product_form(text)
    assert product_form(once) == once


@given(NAMELIKE)
def test_numbers_are_never_bent(text: str) -> None:
    """No digit is lost or invented, and none joins another."""
    plain = "".join(c for c in normal_form(as_typed(text)) if c.isdigit())
    assert "".join(c for c in product_form(text) if c.isdigit()) == plain


@given(NAMELIKE)
def test_case_and_spacing_do_not_matter(text: str) -> None:
    assert product_form(text.upper().lower()) == product_form(f"  {text.upper().lower().title()} ")


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("boxes", "box"),
        ("dresses", "dress"),
        ("movies", "movie"),
        ("cases", "case"),
        ("glass", "glass"),
        ("gps", "gps"),
    ],
)
def test_regular_plurals_have_a_singular(plural: str, one: str) -> None:
    assert singular(plural) == one
