"""Bugs that are planted to see whether the exam finds them. They exist in the examined process alone."""

from __future__ import annotations

import importlib
import itertools
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.dialects.sqlite import insert as upsert

from earmark import attributes, delivery, flow
from earmark.cli import sitting
from earmark.delivery import Analysis, Sitting, Task
from earmark.errors import ConversationError, UnknownOutcomeError
from earmark.genesys.session import Session
from earmark.genesys.transport import Answer, DeclinedError, NoAnswerError
from earmark.journal import Intention, Journal, statements
from earmark.journal.schema import CHANGES
from earmark.model import Change, Findings, Json, Listing, Outcome, Record, State
from earmark.ports import Writer
from earmark.transcript import tidy
from earmark.writers.custom_attributes import CustomAttributesWriter


@dataclass(frozen=True, slots=True)
class Bug:
    """What is wrong, and how to make it so."""

    told: str
    plant: Callable[[], None]


def plant(name: str) -> None:
    """Put bugs into this process, joined by "+": ours by name, or whatever a `module:function` does."""
    for each in name.split("+"):
        module, _, function = each.partition(":")
        if function:
            getattr(importlib.import_module(module), function)()
        else:
            BUGS[each].plant()


def _done_before_write() -> None:
    deliver_all = delivery.deliver_all

    def hasty(writer: Writer, changes: Sequence[tuple[Listing, Change]], **more: Any) -> Any:
        yield [Outcome(listing.id, State.WRITTEN, record=change.base) for listing, change in changes]
        yield from deliver_all(writer, changes, **more)

    _set(delivery, "deliver_all", hasty)


def _whole_map() -> None:
    def apply(writer: CustomAttributesWriter, change: Change) -> Record:
        alone = replace(change.base, values={}, version=None, details={})
        return _apply(writer, replace(change, base=alone))

    _apply = CustomAttributesWriter.apply
    _set(CustomAttributesWriter, "apply", apply)


def _pre_image_retaken() -> None:
    """A resume plans anew, and takes what it finds for what was there before."""

    def take_up(task: Task, sitting: Sitting) -> None:
        for listing in task.journal.unfinished(sitting.run_id, State.INTENDED):
            change = task.journal.intended(sitting.run_id, listing.id)
            record = task.writer.read(listing)
            before = {key: record.values[key] for key in change.after if key in record.values}
            again = Change(listing.id, before, change.after, record)
            intention = Intention(listing.id, State.INTENDED, _NOTHING, again)
            task.journal.intend(sitting.run_id, task.writer.target, [intention])
            record = task.writer.apply(again)
            delivery.settle(task, sitting, Outcome(listing.id, State.WRITTEN, record=record))

    put = upsert(CHANGES)
    kept = ("after", "details", "before", "created")
    anew = put.on_conflict_do_update(
        ["run_id", "conversation_id"], set_={name: put.excluded[name] for name in kept}
    )
    _set(statements, "PUT_CHANGE", anew)
    _set(flow, "take_up_intended", take_up)


def _intent_not_durable() -> None:
    """Intents reach the disk with the outcomes, not before the writes."""
    waiting: list[tuple[Journal, tuple[Any, ...]]] = []
    intend, settle = Journal.intend, Journal.settle

    def later(journal: Journal, run_id: str, target: str, intentions: Sequence[Intention]) -> None:
        waiting.append((journal, (run_id, target, intentions)))

    def with_intents(journal: Journal, run_id: str, outcomes: Sequence[Outcome]) -> None:
        while waiting:
            ahead, given = waiting.pop()
            intend(ahead, *given)
        settle(journal, run_id, outcomes)

    _set(Journal, "intend", later)
    _set(Journal, "settle", with_intents)


def _not_deterministic() -> None:
    fit = attributes.fit
    stamps = itertools.count(int(time.time() * 1000))

    def stamped(names: Sequence[str], attribute: Any) -> Any:
        value, left_out = fit(names, attribute)
        stamp = f"at {next(stamps)}"
        return ([*value, stamp] if isinstance(value, list) else f"{value}{stamp}"), left_out

    _set(attributes, "fit", stamped)


def _failure_taken_as_success(kinds: tuple[type[Exception], ...]) -> Callable[[], None]:
    def put() -> None:
        call = Session.call

        def hopeful(session: Session, request: Any, **more: Any) -> Answer:
            try:
                return call(session, request, **more)
            except UnknownOutcomeError as error:
                if request.write and isinstance(error.__context__, kinds):
                    return Answer(200, {}, "{}", {})
                raise

        _set(Session, "call", hopeful)

    return put


def _no_version() -> None:
    """A write goes over whatever somebody else has written since the read."""
    apply = CustomAttributesWriter.apply

    def blind(writer: CustomAttributesWriter, change: Change) -> Record:
        return apply(writer, replace(change, base=replace(change.base, version=None)))

    _set(CustomAttributesWriter, "apply", blind)


def _divisions_forgotten() -> None:
    apply = CustomAttributesWriter.apply

    def forgetful(writer: CustomAttributesWriter, change: Change) -> Record:
        details = {**change.base.details, "divisions": []}
        return apply(writer, replace(change, base=replace(change.base, details=details)))

    _set(CustomAttributesWriter, "apply", forgetful)


def _resent_blindly() -> None:
    """An unknown outcome counts as a failure that a later run repairs."""

    def once(writer: Writer, listing: Listing, change: Change, _pause: Any) -> Outcome:
        try:
            return Outcome(listing.id, State.WRITTEN, record=writer.apply(change))
        except ConversationError as error:
            return Outcome(listing.id, State.FAILED, error.message)

    _set(delivery, "deliver", once)


def _unconditional_undo() -> None:
    inverse = attributes.inverse

    def regardless(change: Change, record: Record, *, created: bool) -> Any:
        return inverse(
            replace(change, after={k: record.values.get(k) for k in change.after}), record, created=created
        )

    _set(sys.modules["earmark.undo"], "inverse", regardless)


def _cheerful_exit() -> None:
    def fine(_counts: Mapping[State, int], _signalled: int | None) -> int:
        return 0

    _set(sitting, "exit_code", fine)


def _wordy_log() -> None:
    def told(conversation: Any) -> Any:
        print(conversation.messages[0].text if conversation.messages else "", file=sys.stderr)
        return tidy(conversation)

    _set(flow, "tidy", told)


def _naive_writer() -> None:
    """No intent, no read before, the whole map, from the start after a crash."""

    def write(task: Task, sitting: Sitting, analyses: Sequence[Analysis]) -> None:
        for analysis in analyses:
            empty = Record(analysis.listing.id, exists=True)
            due = attributes.plan(analysis.listing.id, analysis.findings.decisions, sitting.fields, empty)
            if due.change:
                task.writer.apply(due.change)
                stamp: Json = [f"seen {time.time()}"]
                task.writer.apply(
                    replace(due.change, after={**due.change.after, "extracted_issues_tag": stamp})
                )
            state = State.UNCHANGED
            intention = Intention(analysis.listing.id, state, analysis.findings, messages=analysis.messages)
            task.journal.intend(sitting.run_id, task.writer.target, [intention])

    _set(flow, "write", write)


def _set(holder: Any, name: str, value: Any) -> None:
    setattr(holder, name, value)


_NOTHING = Findings(())

BUGS = {
    "done before write": Bug("an outcome is recorded before the request", _done_before_write),
    "whole-map PUT": Bug("a write replaces the whole map", _whole_map),
    "pre-image retaken on resume": Bug("a resume takes our own value for what was there", _pre_image_retaken),
    "intent not durable": Bug("an intent is stored after the request", _intent_not_durable),
    "value not deterministic": Bug("the value holds a timestamp", _not_deterministic),
    "5xx taken as success": Bug(
        "a server error counts as written", _failure_taken_as_success((DeclinedError,))
    ),
    "reset taken as success": Bug(
        "a lost answer counts as written", _failure_taken_as_success((NoAnswerError,))
    ),
    "no version": Bug("a write goes over a concurrent one", _no_version),
    "divisions forgotten": Bug("a write clears the divisions", _divisions_forgotten),
    "resent blindly": Bug("an unknown outcome is not read back", _resent_blindly),
    "unconditional undo": Bug("an undo goes over others' later values", _unconditional_undo),
    "cheerful exit": Bug("the exit code is always 0", _cheerful_exit),
    "wordy log": Bug("a message's text is logged", _wordy_log),
    "naive writer": Bug("a writer without any of the promises", _naive_writer),
}
THE_SEVEN = tuple(BUGS)[:7]
"""Those that every such exam has to find."""
