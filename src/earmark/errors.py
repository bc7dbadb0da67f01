"""Every error that Earmark raises, grouped by what the user can do about it.

EarmarkError
├── ConfigError                  correct the set-up, then run again               exit 2
│   ├── MissingSettingError      a setting has no value; says where it was looked for
│   ├── ModelMissingError        a spaCy model is not installed; says how to install it
│   ├── CatalogError             the catalog cannot be used; says which line
│   ├── SchemaError              the Genesys schema lacks what is written to
│   ├── CredentialsError         the client id, secret or region is refused
│   └── AccessDeniedError        a permission is missing; says which
├── ComeBackLaterError           nothing is wrong here: run again later           exit 75
│   ├── RateLimitedError         the service asks for a longer pause than is reasonable to wait
│   ├── UnavailableError         the service does not answer or keeps failing
│   ├── BusyError                another run holds the journal
│   └── StoppedError             the run was asked to stop while it was waiting
├── ConversationError            one conversation cannot be done, the rest go on  exit 3
│   ├── GoneError                the conversation no longer exists
│   ├── RefusedError             the service refuses this one request
│   ├── GarbledError             the answer has not the shape that was promised
│   ├── VersionConflictError     somebody else changed the record meanwhile
│   └── UnknownOutcomeError      a write left, and no answer came back
└── FatalError                   Earmark cannot go on                             exit 1
    ├── JournalError             the journal is corrupt, newer, read-only or its disk is full
    ├── InputError               an input file cannot be read at all
    └── OutputError              an output file cannot be written

Messages name what happened, to which conversation, and what to do next. They never carry chat text,
tokens or secrets.
"""

from __future__ import annotations

from typing import Any, ClassVar


class EarmarkError(Exception):
    """Base of all: `hint` says what to do next, `ref` which conversation, `correlation_id` helps support."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        ref: str | None = None,
        correlation_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.ref = ref
        self.correlation_id = correlation_id

    def __str__(self) -> str:
        about = [f"conversation {self.ref}"] if self.ref else []
        if self.correlation_id:
            about.append(f"correlation id {self.correlation_id}")
        return f"{self.message} ({', '.join(about)})" if about else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.message, dict(self.__dict__)))


def _rebuild(kind: type[EarmarkError], message: str, state: dict[str, Any]) -> EarmarkError:
    error = kind.__new__(kind, message)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class ConfigError(EarmarkError):
    """The set-up is wrong; correct it and run again."""

    exit_code = 2


class MissingSettingError(ConfigError):
    """A required setting has no value."""


class ModelMissingError(ConfigError):
    """The named spaCy pipeline is not installed or cannot be loaded."""


class CatalogError(ConfigError):
    """The catalog file cannot be used."""


class SchemaError(ConfigError):
    """The Genesys conversation schema is missing, disabled or lacks a field."""


class CredentialsError(ConfigError):
    """The service refuses the client id, the secret or the region."""


class AccessDeniedError(ConfigError):
    """The credentials are good but lack a permission."""


class ComeBackLaterError(EarmarkError):
    """Nothing is wrong here; the same command will do later."""

    exit_code = 75


class RateLimitedError(ComeBackLaterError):
    """The service asks for a pause of `wait_seconds`, longer than a run should sit still."""

    def __init__(self, message: str, *, wait_seconds: float, **about: Any) -> None:
        super().__init__(message, **about)
        self.wait_seconds = wait_seconds


class UnavailableError(ComeBackLaterError):
    """The service does not answer, or answers with failures only."""


class BusyError(ComeBackLaterError):
    """Another run holds the journal."""


class StoppedError(ComeBackLaterError):
    """The run was asked to stop while it was waiting."""


class ConversationError(EarmarkError):
    """One conversation cannot be done; the others go on."""

    exit_code = 3


class GoneError(ConversationError):
    """The conversation no longer exists."""


class RefusedError(ConversationError):
    """The service refuses this one request (too large, invalid, not in our division)."""


class GarbledError(ConversationError):
    """The answer is not what the service promises: truncated, not JSON, or of another shape."""


class VersionConflictError(ConversationError):
    """The record was changed by somebody else between the read and the write."""


class UnknownOutcomeError(ConversationError):
    """A write was sent and its answer never arrived: it may or may not have been applied."""


class FatalError(EarmarkError):
    """Earmark cannot go on."""


class JournalError(FatalError):
    """The journal is corrupt, newer than this version, read-only, or its disk is full."""


class InputError(FatalError):
    """An input file cannot be read at all."""


class OutputError(FatalError):
    """An output file cannot be written."""
