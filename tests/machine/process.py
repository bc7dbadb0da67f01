"""One process of Earmark that may die at any transaction, over chats that are made of known words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.machine.organisation import Life, Organisation

from earmark.decide import Policy
from earmark.findings import Judge
from earmark.journal import Journal
from earmark.model import (
    ISSUE,
    PRODUCT,
    Conversation,
    Fetched,
    Gone,
    Listing,
    Mention,
    Message,
    Page,
    Ready,
    Score,
    Sender,
    Usage,
    Window,
)

WORDS: Mapping[str, tuple[str, float]] = {
    "Falcon": (PRODUCT, 0.9),
    "Osprey": (PRODUCT, 0.5),
    "flicker": (ISSUE, 0.9),
    "freeze": (ISSUE, 0.5),
}


class Killed(BaseException):
    """The process has ended: nothing after this reaches the journal or the service."""


@dataclass
class MortalJournal(Journal):
    """A journal whose process may die just before or just after any commit."""

    life: Life = field(default_factory=Life)

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        if not self.life.alive:
            raise Killed
        last = self.life.count()
        if last and not self.life.committed:
            self._die()
        with super()._transaction() as connection:
            yield connection
        if last:
            self._die()

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        if not self.life.alive:
            raise Killed
        with super()._reading() as connection:
            yield connection

    def _die(self) -> None:
        self.life.alive = False
        raise Killed


@dataclass
class Chats:
    """A source: one message a chat, made of known words; it may be told differently later."""

    organisation: Organisation
    words: dict[str, tuple[str, ...]]
    name = "chats"
    resumable = True

    def pages(self, window: Window, cursor: str | None = None) -> Iterator[Page]:
        yield Page(tuple(Listing(each, revision=" ".join(words)) for each, words in self.words.items()))

    def fetch(self, listings: Sequence[Listing]) -> Iterator[Fetched]:
        for listing in listings:
            gone = self.organisation.sandbox.state.chats[listing.id].gone
            yield Gone(listing.id, "deleted") if gone else Ready(self.conversation(listing.id))

    def conversation(self, conversation_id: str) -> Conversation:
        text = " ".join(f"{word}." for word in self.words[conversation_id])
        return Conversation(conversation_id, (Message("m", Sender.CUSTOMER, text),))

    def usage(self) -> Usage:
        return Usage()

    def close(self) -> None: ...


@dataclass(frozen=True)
class ByWord:
    """An extractor and a scorer that know the words."""

    name: str = "by word"
    fingerprint: str = "1"
    facts: Mapping[str, Any] = field(default_factory=dict)

    def extract(self, conversations: Sequence[Conversation]) -> Iterator[tuple[Mention, ...]]:
        for conversation in conversations:
            yield tuple(each for message in conversation.messages for each in _mentions(message.text))

    def score(self, conversation: Conversation, groups: Sequence[Sequence[Mention]]) -> Sequence[Score]:
        return [Score(WORDS[group[0].text][1], "probability") for group in groups]


def _mentions(text: str) -> Iterator[Mention]:
    for word, (label, _confidence) in WORDS.items():
        if (start := text.find(word)) >= 0:
            end = start + len(word)
            yield Mention(0, start, end, word, label, "words", Sender.CUSTOMER, word.lower(), word)


def judge(threshold: float) -> Judge:
    return Judge((), ByWord(), Policy(threshold))
