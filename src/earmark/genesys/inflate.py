"""Decompression in small steps: a few bytes may stand for gigabytes, so nobody inflates them at once."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

STEP = 64 * 1024
"""Bytes that come out at a time."""

_GZIP = 16 + zlib.MAX_WBITS


def inflate(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The content of a body whose Content-Encoding is `encoding`, in pieces of at most STEP when compressed.

    Raises:
        ValueError: It is not gzip or not whole; the text quotes nothing of it.
    """
    if encoding in {"", "identity"}:
        yield from chunks
    elif encoding in {"gzip", "x-gzip"}:
        yield from _gunzip(chunks)
    else:
        raise ValueError("it is compressed in a way that was not asked for")


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(_GZIP)
    begun = False
    for chunk in chunks:
        begun = begun or bool(chunk)
        yield from _step_by_step(inflater, chunk)
        if inflater.unused_data:
            raise ValueError("the compressed answer goes on after its end")
    if begun and not inflater.eof:
        raise ValueError("the compressed answer is cut off")


def _step_by_step(inflater: zlib._Decompress, rest: bytes) -> Iterator[bytes]:
    while True:
        try:
            piece = inflater.decompress(rest, STEP)
        except zlib.error:
            raise ValueError("the compressed answer is damaged") from None
        yield piece
        rest = inflater.unconsumed_tail
        if not rest and len(piece) < STEP:
            return
