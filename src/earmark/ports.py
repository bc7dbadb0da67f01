"""What the flow asks of its adapters: protocols, and their promises in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from earmark.model import (
    Change,
    Check,
    Conversation,
    Fetched,
    Field,
    Json,
    Listing,
    Mention,
    Page,
    Record,
    Score,
    Usage,
    Window,
)


class Source(Protocol):
    """Where finished conversations come from."""

    @property
    def name(self) -> str:
        """The source as the user would name it again ("genesys:recordings", "files:chats.jsonl")."""

    @property
    def resumable(self) -> bool:
        """Whether `pages` accepts an earlier cursor and `fetch` works from ids alone.

        Where it is false the text travels with the listing, and a resumed run lists again from the start.
        """

    def pages(self, window: Window, cursor: str | None = None) -> Iterator[Page]:
        """List the window, oldest first where the service can. Repeats are allowed, the flow drops them.

        Raises:
            ConfigError: Credentials, permissions or the input are wrong.
            ComeBackLaterError: The service wants a longer pause, or does not answer.
        """

    def fetch(self, listings: Sequence[Listing]) -> Iterator[Fetched]:
        """Yield exactly one result a listing, in any order, as they arrive. Repeating a call is harmless.

        Raises:
            ConfigError, ComeBackLaterError: As `pages`. What fails for one conversation is yielded instead.
        """

    def usage(self) -> Usage:
        """Requests so far."""

    def close(self) -> None:
        """Let go of connections and files. May be called twice."""


class Extractor(Protocol):
    """Finds mentions."""

    @property
    def fingerprint(self) -> str:
        """Changes exactly when the same text could give other mentions."""

    @property
    def facts(self) -> Mapping[str, str]:
        """Name, version, model and catalog, for reports."""

    def extract(self, conversations: Sequence[Conversation]) -> Iterator[tuple[Mention, ...]]:
        """Yield the mentions of each conversation, in the order given; deterministic; never fails on text."""


class Linker(Protocol):
    """Gives mentions a name of their own, and a stable id where something is known under it."""

    @property
    def fingerprint(self) -> str:
        """Changes exactly when the same mention could get another name."""

    def link(self, conversation: Conversation, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
        """The same mentions in the same order, those that it knows with id, name and link evidence; pure."""


class Scorer(Protocol):
    """Turns what is known of an entity into a confidence."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Changes exactly when the same entity could get another confidence."""

    @property
    def facts(self) -> Mapping[str, Json]:
        """What it says of itself: kind, what it was fitted on, certificates; for doctor and reports."""

    def score(self, conversation: Conversation, groups: Sequence[Sequence[Mention]]) -> Sequence[Score]:
        """One score a group, in order; a group holds all mentions of one thing in this conversation."""


class Writer(Protocol):
    """Where attributes go. It touches the keys of `fields` only, and only in a record of its own."""

    @property
    def name(self) -> str:
        """The writer as the user would name it again ("custom_attributes", "files:out.jsonl")."""

    @property
    def target(self) -> str:
        """Identifies the place that is written to; journalled values of one target hold for it alone."""

    @property
    def deletes_keys(self) -> bool:
        """Whether a key can be deleted. Elsewhere one that is taken back is left empty."""

    def prepare(self) -> Mapping[str, Field]:
        """Check that writing will be possible and resolve label → field. Nothing is changed.

        Raises:
            ConfigError: What is missing, and how to get it.
        """

    def current(self, listings: Sequence[Listing]) -> Mapping[str, Record]:
        """Current records by conversation id for conversations that the journal knows nothing of.

        Every listing has an entry; `exists` is false where there is no record yet. A writer spends as few
        requests as it can.
        """

    def read(self, listing: Listing) -> Record:
        """The record of one conversation, fresh from the service.

        Raises:
            GoneError: The conversation no longer exists.
        """

    def apply(self, change: Change) -> Record:
        """Make our keys equal `change.after`, once; return the record as it is now known to be.

        Repeating the same change is harmless. Keys that are not ours, other records and record-level
        settings stay as they are. `apply` may be called from several threads.

        Raises:
            VersionConflictError: `change.base` is out of date; read again and plan again.
            UnknownOutcomeError: The request left and no answer came; read to find out.
            ConversationError: This one cannot be written.
        """

    def usage(self) -> Usage:
        """Requests so far; zero where it shares the source's session."""

    def close(self) -> None:
        """Make everything durable and let go. May be called twice."""


class Doctor(Protocol):
    """Something that can check its own set-up."""

    def checks(self) -> Iterable[Check]:
        """Yield one line a check; a failed check does not end the list."""
