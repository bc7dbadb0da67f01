"""Labelled conversations become examples: the words of a message as the runtime sees them, and their tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from earmark.extract.normalise import Normalised, chunks, normalise
from earmark.extract.tagger.words import words_of
from earmark.gold import GoldSpan, Labelled
from earmark.model import ISSUE, PRODUCT, Sender

TAGS = ("O", f"B-{PRODUCT}", f"I-{PRODUCT}", f"B-{ISSUE}", f"I-{ISSUE}")
LONGEST = 80  # words of an example; a longer message becomes several
_NUMBER = {tag: number for number, tag in enumerate(TAGS)}


@dataclass(frozen=True, slots=True)
class Example:
    """One message, or a part of a very long one. `tags` are positions in TAGS, one a word."""

    conversation_id: str
    words: tuple[str, ...]
    tags: tuple[int, ...]


def examples(conversations: Iterable[Labelled]) -> list[Example]:
    """One example a labelled message; what was said in the same words with the same labels comes once."""
    seen: dict[tuple[tuple[str, ...], tuple[int, ...]], Example] = {}
    for labelled in conversations:
        for example in _of_conversation(labelled):
            seen.setdefault((example.words, example.tags), example)
    return list(seen.values())


def _of_conversation(labelled: Labelled) -> Iterator[Example]:
    for index, message in enumerate(labelled.conversation.messages):
        if message.sender is Sender.SYSTEM:
            continue
        spans = [span for span in labelled.spans if span.message_index == index]
        for offset, part in chunks(message.text):
            content = normalise(part)
            words = tuple(words_of(content.text))
            if words:
                tags = _tags([_extent(content, offset, start, word) for start, word in words], spans)
                yield from _parts(labelled.conversation.id, [word for _, word in words], tags)


def _parts(conversation_id: str, words: list[str], tags: tuple[int, ...]) -> Iterator[Example]:
    """Cut a long message where no span is cut; one that is longer than a part is cut itself."""
    start = 0
    while start < len(words):
        longest = min(start + LONGEST, len(words))
        between = (at for at in range(longest, start, -1) if at == len(words) or not _goes_on(tags[at]))
        end = next(between, longest)
        yield Example(conversation_id, tuple(words[start:end]), _begun(tags[start:end]))
        start = end


def _begun(tags: tuple[int, ...]) -> tuple[int, ...]:
    """Tags of a part; what goes on from the part before begins anew, as the chain knows nothing else."""
    return (_NUMBER[f"B-{TAGS[tags[0]][2:]}"], *tags[1:]) if _goes_on(tags[0]) else tags


def _goes_on(tag: int) -> bool:
    return TAGS[tag].startswith("I-")


def _extent(content: Normalised, offset: int, start: int, word: str) -> tuple[int, int]:
    first, last = content.original(start, start + len(word))
    return offset + first, offset + last


def _tags(extents: list[tuple[int, int]], spans: list[GoldSpan]) -> tuple[int, ...]:
    """A word belongs to a span when they share a character."""
    tags = ["O"] * len(extents)
    for span in spans:
        inside = [n for n, (start, end) in enumerate(extents) if start < span.end and span.start < end]
        for place, number in enumerate(inside):
            tags[number] = f"{'I' if place else 'B'}-{span.label}"
    return tuple(_NUMBER[tag] for tag in tags)
