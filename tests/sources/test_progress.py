"""A listing that repeats itself ends; one that begins again, overlaps, or is mostly empty does not suffer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, cycle, islice

import pytest

from earmark.errors import UnavailableError
from earmark.model import Listing, Page
from earmark.sources.progress import MOST_REPEATED, progressing


def page(*ids: str) -> Page:
    return Page(tuple(Listing(each) for each in ids), None)


@pytest.mark.parametrize("circle", [1, 3, 200])
def test_a_circle_of_pages_ends_after_a_bounded_number(circle: int) -> None:
    taken: list[Page] = []
    with pytest.raises(UnavailableError, match="repeats itself"):
        taken.extend(progressing(cycle([page(f"c{n}") for n in range(circle)])))
    assert len(taken) == 2 * circle + MOST_REPEATED + 1


def test_a_listing_may_begin_again_and_go_on() -> None:
    first = [page(f"c{n}", f"d{n}") for n in range(300)]
    pages = [*first, *first, page("new")]
    assert list(progressing(pages)) == pages


def test_empty_pages_are_no_repetition() -> None:
    def days() -> Iterator[Page]:
        for day in count():
            yield page(f"c{day}") if day % 400 == 0 else page()

    assert len(list(islice(progressing(days()), 2000))) == 2000
