"""Keeps personal data out of everything that is kept: what touches it is no mention. Pure, and never online."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from earmark.model import Conversation, Mention, Message, Sender
from earmark.privacy.found import Found, Kind, merged
from earmark.privacy.scan import asked_in, found_in
from earmark.privacy.seams import over_messages

__all__ = ["Kind", "PersonalSpan", "cleared", "looks_personal", "masked", "personal"]

_NOTHING: frozenset[Kind] = frozenset()
_SHORTEST_NAME = 3
_SHORTEST_NUMBER = 6  # a shorter one may come up again as another thing: "ending in 4090", "RTX 4090"
_MOST_REPEATED = 200
_BY_WORDS = frozenset({Kind.ID, Kind.PHONE, Kind.SECRET})  # found by what is said around them
_BY_FORM = frozenset({Kind.CARD, Kind.GOVERNMENT, Kind.PHONE, Kind.NUMBER})  # an article number may look so
_AS_LISTED = 1.0  # how a catalog entry's own spelling matches
_MOST_PASSES = 4  # what was glued to something personal may be seen only once that is gone


@dataclass(frozen=True, slots=True)
class PersonalSpan:
    """Something personal in one message: characters [start, end) of its text as it was received."""

    message_index: int
    start: int
    end: int
    kind: Kind


def personal(conversation: Conversation) -> tuple[PersonalSpan, ...]:
    """Everything personal in a conversation, in order; spans of a message do not overlap. Never fails."""
    messages = conversation.messages
    found: list[list[Found]] = [list(each) for each in _one_by_one(messages)]
    for place, each in list(over_messages(messages, found)):
        found[place].append(each)
    for said_again, kind in ((_introduced(messages, found), Kind.NAME), (_told(messages, found), Kind.ID)):
        if said_again:
            for place, message in enumerate(messages):
                found[place] += [Found(*match.span(), kind) for match in said_again.finditer(message.text)]
    return tuple(
        PersonalSpan(place, *each) for place, some in enumerate(found) if some for each in merged(some)
    )


def cleared(conversation: Conversation, mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """Leave out the mentions that touch something personal, or whose name looks personal.

    What the catalog lists just as it was written is a product, whatever its number looks like.
    """
    mentions = tuple(mentions)
    if not mentions:
        return ()
    spans: dict[int, list[PersonalSpan]] = {}
    for span in personal(conversation):
        spans.setdefault(span.message_index, []).append(span)
    return tuple(
        mention
        for mention in mentions
        if _may_stay(
            mention, [each for each in spans.get(mention.message_index, ()) if _touch(mention, each)]
        )
    )


def _may_stay(mention: Mention, touched: Sequence[PersonalSpan]) -> bool:
    known = mention.source == "catalog"  # and so is its name, which the catalog gave it
    if known and mention.evidence.get("match") == _AS_LISTED:
        return all(each.kind in _BY_FORM and _inside(each, mention) for each in touched)
    texts = {mention.text} if known else {mention.name or mention.text, mention.text}
    return not touched and not any(map(looks_personal, texts))


def looks_personal(text: str) -> bool:
    """Whether a text that stands alone, such as a name, holds something personal."""
    return bool(found_in(text))


def masked(text: str) -> str:
    """The text with everything personal replaced by what it is: ‹email›, ‹card› and so on."""
    for _ in range(_MOST_PASSES):
        once = _masked_once(text)
        if once == text:
            break
        text = once
    return text


def _masked_once(text: str) -> str:
    parts: list[str] = []
    last = 0
    for found in found_in(text):
        parts += [text[last : found.start], f"‹{found.kind}›"]
        last = found.end
    return "".join(parts) + text[last:]


def _one_by_one(messages: Sequence[Message]) -> Iterator[tuple[Found, ...]]:
    """What each message holds by itself, read with what the two before it ask for."""
    earlier, last = _NOTHING, _NOTHING
    for message in messages:
        yield found_in(message.text, earlier | last)
        earlier, last = last, asked_in(message.text)


def _introduced(messages: Sequence[Message], found: Sequence[Sequence[Found]]) -> re.Pattern[str] | None:
    """The names that people gave as theirs, wherever they come up again."""
    said = [
        messages[place].text[each.start : each.end]
        for place, some in enumerate(found)
        for each in some
        if each.kind == Kind.NAME and messages[place].sender != Sender.BOT
    ]
    words = {word for name in said for word in re.findall(r"[^\W\d_]+", name) if len(word) >= _SHORTEST_NAME}
    capitalised = sorted(word for word in words if word[0].isupper())[:_MOST_REPEATED]
    return re.compile(rf"\b(?:{'|'.join(capitalised)})\b") if capitalised else None


def _told(messages: Sequence[Message], found: Sequence[Sequence[Found]]) -> re.Pattern[str] | None:
    """The numbers that were somebody's by the words around them, wherever they come up again as they were written."""
    numbers = {
        messages[place].text[each.start : each.end]
        for place, some in enumerate(found)
        for each in some
        if each.kind in _BY_WORDS and each.end - each.start >= _SHORTEST_NUMBER
    }
    longest_first = sorted(numbers, key=lambda number: (-len(number), number))[:_MOST_REPEATED]
    either = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE) if either else None


def _inside(span: PersonalSpan, mention: Mention) -> bool:
    return mention.start <= span.start and span.end <= mention.end


def _touch(mention: Mention, span: PersonalSpan) -> bool:
    return mention.start < span.end and span.start < mention.end
