"""Bugs that the rows of the machine and the people are to find; named in `Order.bug` as module:function."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from earmark import attributes
from earmark.cli import sitting
from earmark.errors import AccessDeniedError, JournalError, RefusedError
from earmark.genesys import retry, schema
from earmark.genesys.token import Token
from earmark.journal import Journal, journal, opening, reading


def _set(holder: Any, name: str, value: Any) -> None:
    setattr(holder, name, value)


def denial_fails_one() -> None:
    """A missing permission counts as the failure of one conversation."""

    def denied(*args: Any) -> RefusedError:
        error = known(*args)
        return RefusedError(error.message, ref=error.ref) if isinstance(error, AccessDeniedError) else error

    known: Any = retry._denied
    _set(retry, "_denied", denied)


def erases_nothing() -> None:
    """The rows go, their remains in the file stay."""
    _set(Journal, "erase", lambda _journal, _ids: None)


def cuts_names() -> None:
    """A name is cut to what fits."""
    fit = attributes.fit

    def cut(names: Any, attribute: Any) -> Any:
        return fit([name[:5] for name in names], attribute)

    _set(attributes, "fit", cut)


def takes_any_schema() -> None:
    """A disabled schema is as good as any."""
    known = schema.schemas
    _set(schema, "schemas", lambda session: [replace(each, enabled=True) for each in known(session)])


def goes_by_own_clock() -> None:
    """A window ends by the clock of this machine."""
    _set(Token, "ahead", lambda _token: timedelta())


def forgives_the_disk() -> None:
    """An intent that finds no room is not missed."""
    intend = Journal.intend

    def careless(*args: Any) -> None:
        try:
            intend(*args)
        except JournalError:
            return

    _set(Journal, "intend", careless)


def tells_the_database() -> None:
    """The database's own errors reach the user."""

    @contextmanager
    def as_it_is(_path: Any) -> Iterator[None]:
        yield

    for module in (opening, reading, journal):
        _set(module, "naming_failures", as_it_is)


def holds_nothing() -> None:
    """No lock is taken."""

    @contextmanager
    def free(_journal: Journal) -> Iterator[None]:
        yield

    _set(Journal, "holding", free)


def deaf() -> None:
    """A signal is not heeded."""
    _set(sitting.Signals, "__call__", lambda *_: None)


def mixes_runs() -> None:
    """A run goes on with whatever is configured now."""
    _set(Journal, "begun_as", lambda opened, run_id, _target, _fingerprint: opened.run(run_id))
