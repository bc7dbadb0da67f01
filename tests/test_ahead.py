"""Working ahead: order, errors and endings are those of a plain loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from earmark.ahead import ahead


def test_items_come_in_order_from_another_thread() -> None:
    threads: set[threading.Thread] = set()

    def numbers() -> Iterator[int]:
        for number in range(100):
            threads.add(threading.current_thread())
            yield number

    assert list(ahead(numbers())) == list(range(100))
    assert threading.current_thread() not in threads


def test_it_stays_within_its_depth() -> None:
    begun: list[int] = []
    caught_up = threading.Event()

    def numbers() -> Iterator[int]:
        for number in range(10):
            begun.append(number)
            if number == 3:
                caught_up.set()
            yield number

    items = ahead(numbers(), depth=2)
    assert next(items) == 0
    assert caught_up.wait(5)  # two wait in the queue, one in the producer's hand
    assert not threading.Event().wait(0.3)
    assert begun == [0, 1, 2, 3]
    items.close()


def test_an_error_comes_after_the_items_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise LookupError("no more")

    items = ahead(broken())
    assert next(items) == 1
    with pytest.raises(LookupError, match="no more"):
        next(items)


def test_a_consumer_that_stops_ends_the_producer_and_closes_it() -> None:
    ended = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.set()

    before = threading.active_count()
    items = ahead(endless())
    next(items)
    items.close()
    assert ended.is_set()
    assert threading.active_count() == before
