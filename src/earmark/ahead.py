"""Lets one stage work ahead of the next: a bounded queue between two threads, seen as an iterator."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _End(Generic[T]):
    error: BaseException | None = None


def ahead(items: Iterable[T], depth: int = 1) -> Generator[T, None, None]:
    """Iterate over `items` in a thread of its own, at most `depth` items ahead.

    An error of the producer is raised here, after the items that came before it. When the consumer stops
    early the producer stops at its next item; either way the thread has ended when this iterator has.
    """
    waiting: queue.Queue[T | _End[T]] = queue.Queue(depth)
    abandoned = threading.Event()
    thread = threading.Thread(target=_produce, args=(items, waiting, abandoned), daemon=True)
    thread.start()
    try:
        while not isinstance(item := _get(waiting), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        abandoned.set()
        thread.join()


def _get(waiting: queue.Queue[T | _End[T]]) -> T | _End[T]:
    """Wait in short pieces: a signal that arrives just before a wait is heeded only after it."""
    while True:
        try:
            return waiting.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            continue


def _produce(items: Iterable[T], waiting: queue.Queue[T | _End[T]], abandoned: threading.Event) -> None:
    end: _End[T] = _End()
    try:
        for item in items:
            if not _put(waiting, item, abandoned):
                break
    except BaseException as error:  # noqa: BLE001 - it is raised again, in the consumer's thread
        end = _End(error)
    finally:
        if isinstance(items, Generator):
            items.close()
    _put(waiting, end, abandoned)


def _put(waiting: queue.Queue[T | _End[T]], item: T | _End[T], abandoned: threading.Event) -> bool:
    while not abandoned.is_set():
        try:
            waiting.put(item, timeout=_POLL_SECONDS)
        except queue.Full:
            continue
        return True
    return False
