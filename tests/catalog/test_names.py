"""Which spellings of a catalog's names are found, which near misses are not."""

from __future__ import annotations

import pytest

from earmark.catalog.entry import Entry
from earmark.catalog.ladder import EXACT, INFLECTED
from earmark.catalog.names import NameFinder

NAMES = (
    Entry("iphone", "iPhone"),
    Entry("iphone15", "iPhone 15"),
    Entry("x200", "X200"),
    Entry("x200pro", "X200 Pro"),
    Entry("ps4", "PS 4"),
    Entry("airpods", "AirPods Pro"),
    Entry("watch", "smart watch"),
    Entry("dress", "dress"),
    Entry("battery", "battery"),
    Entry("headphones", "headphones"),
    Entry("windows", "Windows"),
    Entry("levis", "Levi's 501"),
    Entry("benjerry", "Ben & Jerry's"),
    Entry("disney", "Disney+"),
    Entry("v5", "Vertex 50"),
    Entry("cafe", "Café Crème"),
    Entry("teams", "Teams", case_sensitive=True),
)
FINDER = NameFinder(NAMES)


def best(text: str) -> list[tuple[str, str, float]]:
    """The longest spelling at each place: (surface, id, match)."""
    found = sorted(FINDER(text), key=lambda f: (f.start, f.start - f.end))
    kept: list[tuple[str, str, float]] = []
    reach = 0
    for match in found:
        if match.start >= reach:
            kept.append((text[match.start : match.end], NAMES[match.index].id, match.match))
            reach = match.end
    return kept


@pytest.mark.parametrize(
    ("text", "surface", "identity", "match"),
    [
        ("my iPhone 15 broke", "iPhone 15", "iphone15", EXACT),
        ("MY IPHONE 15!", "IPHONE 15", "iphone15", EXACT),
        ("an iphone-15 case", "iphone-15", "iphone15", INFLECTED),
        ("an iphone15", "iphone15", "iphone15", INFLECTED),
        ("two iPhones here", "iPhones", "iphone", INFLECTED),
        ("the iPhone's screen", "iPhone", "iphone", EXACT),
        ("x-200", "x-200", "x200", INFLECTED),
        ("ps4 games", "ps4", "ps4", INFLECTED),
        ("airpods pro", "airpods pro", "airpods", EXACT),
        ("AirPods  Pro", "AirPods  Pro", "airpods", EXACT),
        ("airpodspro", "airpodspro", "airpods", INFLECTED),
        ("smartwatch", "smartwatch", "watch", INFLECTED),
        ("smart-watches", "smart-watches", "watch", INFLECTED),
        ("dresses", "dresses", "dress", INFLECTED),
        ("batteries", "batteries", "battery", INFLECTED),
        ("headphone", "headphone", "headphones", INFLECTED),
        ("levis 501", "levis 501", "levis", INFLECTED),
        ("ben & jerrys", "ben & jerrys", "benjerry", INFLECTED),
        ("disney+ app", "disney+", "disney", EXACT),
        ("café crème", "café crème", "cafe", EXACT),
        ("(iPhone)", "iPhone", "iphone", EXACT),
        ("iPhone/AirPods", "iPhone", "iphone", EXACT),
        ("on Teams", "Teams", "teams", EXACT),
        ("iPhone 15 Plus", "iPhone", "iphone", EXACT),  # its family is known
        ("iPhone 15 plus a case", "iPhone 15", "iphone15", EXACT),
        ("iPhone 15 + case", "iPhone 15", "iphone15", EXACT),
        ("iPhone 15 pros and cons", "iPhone 15", "iphone15", EXACT),
        ("iPhone Pro", "iPhone", "iphone", EXACT),
        ("x200 pro", "x200 pro", "x200pro", EXACT),
    ],
)
def test_spellings_that_mean_the_name(text: str, surface: str, identity: str, match: float) -> None:
    assert (surface, identity, match) in best(text)


@pytest.mark.parametrize(
    ("text", "not_this"),
    [
        ("X300", "x200"),
        ("X2000", "x200"),
        ("AX200", "x200"),
        ("X20", "x200"),
        ("X20 0", "x200"),
        ("iPhone 16", "iphone15"),
        ("iPhone 1 5", "iphone15"),
        ("iPhone 150", "iphone15"),
        ("iPhone 15.2", "iphone15"),
        ("iPhone 15s", "iphone15"),
        ("iPhone 15 Plus is broken", "iphone15"),
        ("my iphone15 pro", "iphone15"),
        ("iphone-15-pro max", "iphone15"),
        ("the x200+, again", "x200"),
        ("x200 LITE", "x200"),
        ("x200 pro max", "x200"),
        ("x200 pro max", "x200pro"),
        ("ps4 pro", "ps4"),
        ("i phone", "iphone"),
        ("xiphone", "iphone"),
        ("iphonex", "iphone"),
        ("a window seat", "windows"),
        ("dressed", "dress"),
        ("dressing", "dress"),
        ("two teams", "teams"),
        ("vertex 5 0", "v5"),
        ("ps\n4", "ps4"),
        ("cafe creme", "cafe"),
    ],
)
def test_near_misses_are_other_things(text: str, not_this: str) -> None:
    assert not_this not in [identity for _, identity, _ in best(text)]


def test_offsets_survive_letters_whose_lower_case_is_longer() -> None:
    """Lower-casing "İ" gives two characters; positions after it must not shift."""
    assert best("İİİ iPhone")[0][0] == "iPhone"
