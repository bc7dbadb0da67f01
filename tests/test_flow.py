"""The flow over files: what goes in comes out once, whatever is in the way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from earmark import flow
from earmark.confidence import open_scorer
from earmark.decide import Policy
from earmark.errors import ConfigError, GarbledError, GoneError, UnavailableError
from earmark.extract import ExtractConfig, open_extractor
from earmark.findings import Judge
from earmark.journal import Journal
from earmark.model import (
    ISSUE,
    PRODUCT,
    Fetched,
    Gone,
    Listing,
    NotReady,
    Page,
    Ready,
    Record,
    State,
    Unreadable,
    Usage,
    Window,
)
from earmark.ports import Extractor
from earmark.sources.files import FilesSource
from earmark.undo import UndoJob, undo
from earmark.writers.files import FilesWriter
from earmark.writers.none import NoWriter

if TYPE_CHECKING:
    from tests.conftest import Clock

CATALOG = "id,name,label,aliases\nprd-slack,Slack,PRODUCT,\nprd-zoom,Zoom,PRODUCT,zoom app\n"
KEYS = {PRODUCT: "extracted_products", ISSUE: "extracted_issues"}
CHATS: list[dict[str, Any]] = [
    {"id": "a", "messages": [{"sender": "customer", "text": "my slack keeps crashing"}]},
    {"id": "b", "messages": [{"sender": "agent", "text": "is the Zoom app up to date?"}]},
    {"id": "c", "messages": [{"sender": "customer", "text": "thanks, bye"}]},
    {"id": "d", "messages": [{"sender": "customer", "text": ""}]},
]


def judge(threshold: float) -> Judge:
    return Judge((), open_scorer("evidence"), Policy(threshold))


@pytest.fixture(scope="session")
def extractor(tmp_path_factory: pytest.TempPathFactory) -> Extractor:
    catalog = tmp_path_factory.mktemp("catalog") / "catalog.csv"
    catalog.write_text(CATALOG)
    return open_extractor(ExtractConfig(catalogs=(catalog,)))


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    path = tmp_path / "chats.jsonl"
    path.write_text("".join(json.dumps(chat) + "\n" for chat in CHATS))
    return path


@pytest.fixture
def job(chats: Path, journal: Journal, extractor: Extractor, tmp_path: Path) -> Iterator[flow.Job]:
    writer = FilesWriter(tmp_path / "out.jsonl", KEYS)
    yield flow.Job(
        source=FilesSource(str(chats)),
        extractor=extractor,
        judge=judge(0.5),
        writer=writer,
        journal=journal,
        pace=0.0,
    )
    writer.close()


def attributes(job: flow.Job) -> dict[str, Mapping[str, Any]]:
    return {chat["id"]: job.writer.read(Listing(chat["id"])).values for chat in CHATS}


def again(job: flow.Job, **changes: Any) -> flow.Job:
    return replace(job, stop=threading.Event(), **changes)


def test_products_and_issues_of_each_conversation_are_written(job: flow.Job) -> None:
    flow.run(job)
    written = attributes(job)
    assert written["a"]["extracted_products"] == ["Slack"]
    assert any("crash" in issue for issue in written["a"]["extracted_issues"])
    assert written["b"] == {"extracted_products": ["Zoom"], "extracted_issues": []}
    assert written["c"] == written["d"] == {}


def test_every_conversation_is_accounted_for_also_those_without_text(job: flow.Job) -> None:
    run_id = flow.run(job)
    assert job.journal.counts(run_id) == {State.WRITTEN: 2, State.UNCHANGED: 2}


def test_a_second_run_writes_nothing_and_finds_the_same(job: flow.Job, tmp_path: Path) -> None:
    first = flow.run(job)
    before = (tmp_path / "out.jsonl").read_bytes()
    second = flow.run(again(job))
    assert job.journal.counts(second) == {State.UNCHANGED: 4}
    assert (tmp_path / "out.jsonl").read_bytes() == before
    assert list(job.journal.entities(second)) == list(job.journal.entities(first))


def test_what_was_not_read_of_a_conversation_is_told_in_every_run(job: flow.Job, chats: Path) -> None:
    chats.write_text(json.dumps({"id": "a", "text": "my Slack crashes. " + "it is slow " * 5_000}) + "\n")
    first, second = flow.run(job), flow.run(again(job))
    for run_id, begins in (
        (first, "truncated_input: "),
        (second, "done by an earlier run; truncated_input: "),
    ):
        (told,) = [row.reason for row in job.journal.conversations(run_id)]
        assert told
        assert told.startswith(begins)


def test_another_threshold_does_the_conversations_again(job: flow.Job) -> None:
    flow.run(job)
    second = flow.run(again(job, judge=judge(1.1)))
    assert job.journal.counts(second) == {State.WRITTEN: 2, State.UNCHANGED: 2}
    assert attributes(job)["a"] == {"extracted_products": [], "extracted_issues": []}


def test_a_dry_run_plans_the_same_and_writes_nothing(job: flow.Job, tmp_path: Path) -> None:
    dry = flow.run(again(job, dry_run=True))
    assert job.journal.counts(dry) == {State.PLANNED: 2, State.UNCHANGED: 2}
    assert (tmp_path / "out.jsonl").read_bytes() == b""
    planned = {change.conversation_id: change.after for change in job.journal.planned(dry)}
    flow.run(again(job))
    assert planned == {name: values for name, values in attributes(job).items() if values}


def test_undo_brings_every_attribute_back_and_may_be_repeated(job: flow.Job, tmp_path: Path) -> None:
    run_id = flow.run(job)
    statuses = [taken.status for taken in undo(UndoJob(job.writer, job.journal, run_id))]
    assert statuses == ["undone", "undone"]
    assert attributes(job) == {name: {} for name in "abcd"}
    assert list(undo(UndoJob(job.writer, job.journal, run_id))) == []
    job.writer.close()
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_undo_restores_the_values_of_the_run_before(job: flow.Job) -> None:
    flow.run(job)
    before = attributes(job)
    second = flow.run(again(job, judge=judge(1.1)))
    list(undo(UndoJob(job.writer, job.journal, second)))
    assert attributes(job) == before


def test_what_was_undone_is_done_again_by_the_next_run(job: flow.Job) -> None:
    run_id = flow.run(job)
    before = attributes(job)
    list(undo(UndoJob(job.writer, job.journal, run_id)))
    flow.run(again(job))
    assert attributes(job) == before


def test_half_characters_around_a_text_do_not_stop_the_run(job: flow.Job, chats: Path) -> None:
    odd = {"id": "a", "channel": "\ud83d", "queue": "\udc00", "language": "\ud83d", "text": "crash \ud83d"}
    chats.write_text(json.dumps(odd) + "\n")
    run_id = flow.run(again(job, source=FilesSource(str(chats))))
    (row,) = job.journal.conversations(run_id)
    assert (row.channel, row.queue, row.language) == ("?", "?", "?")


def test_a_limit_bounds_the_conversations(job: flow.Job) -> None:
    run_id = flow.run(again(job, limit=1))
    assert job.journal.counts(run_id) == {State.WRITTEN: 1}


def test_a_run_that_was_asked_to_stop_goes_on_to_the_same_end(job: flow.Job) -> None:
    stop = threading.Event()
    stop.set()
    run_id = flow.run(replace(job, stop=stop))
    assert job.journal.run(run_id)["status"] == "interrupted"
    flow.resume(again(job), run_id)
    assert job.journal.counts(run_id) == {State.WRITTEN: 2, State.UNCHANGED: 2}
    assert job.journal.run(run_id)["status"] == "finished"


def test_what_was_listed_to_the_end_and_not_written_is_found_again(job: flow.Job) -> None:
    """A file's texts are not in the journal: where a listing was complete, a resumed run reads it again."""

    class Failing(NoWriter):
        def current(self, listings: Sequence[Listing]) -> Mapping[str, Record]:
            raise UnavailableError("it is down", hint="later")

    failing = again(job, writer=Failing())
    with pytest.raises(UnavailableError) as caught:
        flow.run(failing)
    row = job.journal.run()
    assert row["listed"]
    assert f"earmark resume {row['id']}" in str(caught.value.__notes__)
    flow.resume(again(job, writer=NoWriter()), row["id"])
    assert job.journal.counts(row["id"]) == {State.UNCHANGED: 4}


def test_one_record_that_cannot_be_read_fails_its_conversation_alone(job: flow.Job) -> None:
    class Spoilt(NoWriter):
        def current(self, listings: Sequence[Listing]) -> Mapping[str, Record]:
            raise GarbledError("the answer is not a list", ref="b")

        def read(self, listing: Listing) -> Record:
            if listing.id == "b":
                raise GarbledError("the answer is not a list", ref="b", correlation_id="corr-1")
            if listing.id == "c":
                raise GoneError("it does not exist", ref="c")
            return Record(listing.id, exists=False)

    run_id = flow.run(again(job, writer=Spoilt()))
    rows = {row.id: (row.state, row.reason, row.correlation_id) for row in job.journal.conversations(run_id)}
    assert rows["b"] == (State.FAILED, "the answer is not a list", "corr-1")
    assert rows["c"][0] is State.GONE
    assert {rows["a"][0], rows["d"][0]} <= {State.WRITTEN, State.UNCHANGED}


class BreaksOff(FilesSource):
    """A file that cannot be read to its end."""

    def pages(self, window: Window, cursor: str | None = None) -> Iterator[Page]:
        yield from super().pages(window, cursor)
        raise UnavailableError("the folder went away")


def test_what_left_the_input_between_two_sittings_is_gone_and_does_not_keep_the_run_open(
    job: flow.Job, chats: Path
) -> None:
    with pytest.raises(UnavailableError):
        flow.run(replace(job, source=BreaksOff(str(chats))))
    run_id = job.journal.run()["id"]
    assert job.journal.counts(run_id) == {State.LISTED: 4}
    chats.write_text("".join(json.dumps(chat) + "\n" for chat in CHATS[1:]))
    flow.resume(again(job, source=FilesSource(str(chats))), run_id)
    rows = {row.id: (row.state, row.reason) for row in job.journal.conversations(run_id)}
    assert rows["a"] == (State.GONE, "no longer in the input")
    assert job.journal.counts(run_id) == {State.GONE: 1, State.WRITTEN: 1, State.UNCHANGED: 2}


def test_a_run_is_not_resumed_under_other_settings(job: flow.Job) -> None:
    run_id = flow.run(job)
    with pytest.raises(ConfigError, match="began with another"):
        flow.resume(again(job, judge=judge(0.9)), run_id)


class Unreliable:
    """A source by ids whose answers are given: a list for each id, one answer an attempt."""

    name = "unreliable"
    resumable = True

    def __init__(self, answers: Mapping[str, list[str]]) -> None:
        self._answers = {name: list(told) for name, told in answers.items()}
        self.asked: list[str] = []

    def pages(self, window: Window, cursor: str | None = None) -> Iterator[Page]:
        yield Page(tuple(Listing(name, revision="1") for name in self._answers))

    def fetch(self, listings: Sequence[Listing]) -> Iterator[Fetched]:
        for listing in listings:
            self.asked.append(listing.id)
            yield self._answer(listing.id, self._answers[listing.id].pop(0))

    def _answer(self, name: str, told: str) -> Fetched:
        if told == "not ready":
            return NotReady(name, "transcoding", 1.0)
        if told == "gone":
            return Gone(name, "deleted")
        if told == "garbled":
            return Unreadable(name, "not JSON", "corr-1")
        conversation = next(iter(FilesSource("chats.jsonl").pages(Window()))).listings[0].conversation
        assert conversation is not None
        return Ready(replace(conversation, id=name))

    def usage(self) -> Usage:
        return Usage(len(self.asked))

    def close(self) -> None: ...


def test_each_text_is_fetched_once_and_what_fails_is_recorded_with_its_reason(job: flow.Job) -> None:
    source = Unreliable(
        {"a": ["ready"], "b": ["gone"], "c": ["garbled"], "d": ["not ready", "not ready", "ready"]}
    )
    run_id = flow.run(again(job, source=source, writer=NoWriter()))
    rows = {row.id: (row.state, row.reason) for row in job.journal.conversations(run_id)}
    assert rows["b"] == (State.GONE, "deleted")
    assert rows["c"] == (State.FAILED, "not JSON")
    assert (rows["a"][0], rows["d"][0]) == (State.UNCHANGED, State.UNCHANGED)
    assert sorted(source.asked) == ["a", "b", "c", "d", "d", "d"]


def test_a_text_that_stays_unready_is_left_pending_for_a_later_sitting(job: flow.Job, clock: Clock) -> None:
    source = Unreliable({"a": ["not ready", "ready"]})
    run_id = flow.run(again(job, source=source, writer=NoWriter(), pace=1000.0, patience=0.0))
    assert job.journal.counts(run_id) == {State.PENDING: 1}
    clock.now += 2000
    flow.resume(again(job, source=source, writer=NoWriter()), run_id)
    assert job.journal.counts(run_id) == {State.UNCHANGED: 1}


def test_an_error_does_not_wait_for_texts_that_are_not_ready(job: flow.Job) -> None:
    class Failing(NoWriter):
        def current(self, listings: Sequence[Listing]) -> Mapping[str, Record]:
            raise UnavailableError("it is down")

    source = Unreliable({"a": ["ready"], "b": ["not ready"]})
    failing = again(job, source=source, writer=Failing(), pace=20.0, patience=60.0)
    rescue = threading.Timer(15, failing.stop.set)
    rescue.start()
    begun = time.monotonic()
    with pytest.raises(UnavailableError):
        flow.run(failing)
    rescue.cancel()
    assert time.monotonic() - begun < 10


def test_what_an_earlier_sitting_listed_is_not_taken_from_the_listing_as_well(job: flow.Job) -> None:
    class Down(Unreliable):
        def fetch(self, listings: Sequence[Listing]) -> Iterator[Fetched]:
            raise UnavailableError("it is down")

    with pytest.raises(UnavailableError):
        flow.run(again(job, source=Down({"a": [], "b": []}), writer=NoWriter(), limit=10))
    row = job.journal.run()
    source = Unreliable({"a": ["ready"], "b": ["ready"]})
    flow.resume(again(job, source=source, writer=NoWriter(), limit=10), row["id"])
    assert sorted(source.asked) == ["a", "b"]
    assert job.journal.counts(row["id"]) == {State.UNCHANGED: 2}


def test_extracting_needs_neither_journal_nor_writer(extractor: Extractor, chats: Path) -> None:
    rejected: list[object] = []
    found = flow.extracted(FilesSource(str(chats)), extractor, judge(0.5), rejected.append)
    names = {conversation.id: [d.entity.name for d in each.decisions] for conversation, each in found}
    assert "Slack" in names["a"]
    assert names["c"] == []
    assert rejected == []
