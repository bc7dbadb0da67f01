"""Judging again what an earlier run found: resumed from any point, and no one else's values are touched."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from earmark import flow
from earmark.attributes import plan
from earmark.decide import Policy, decide
from earmark.errors import ConfigError, UnavailableError
from earmark.journal import Intention, Journal, NewRun
from earmark.model import (
    PRODUCT,
    Change,
    Entity,
    Field,
    Findings,
    Listing,
    Mention,
    Page,
    Record,
    Score,
    Sender,
    State,
    Usage,
    Window,
)
from earmark.writers.files import FilesWriter

KEYS = {PRODUCT: "products"}
FIELDS = {PRODUCT: Field(PRODUCT, "products")}
CONFIDENCES = {"Slack": 0.9, "Teams": 0.6, "Zoom": 0.6, "Miro": 0.2}


class Recorded(FilesWriter):
    """Counts what is written; `broken` from the given write on."""

    broken_at: int | None = None
    writes = 0

    def apply(self, change: Change) -> Record:
        if self.writes == self.broken_at:
            raise UnavailableError("the disk went away")
        self.writes += 1
        return super().apply(change)


def found() -> tuple[Entity, ...]:
    return tuple(
        Entity(
            PRODUCT,
            f"prd-{name.lower()}",
            name,
            Score(confidence, "probability"),
            (Mention(0, 0, 5, name, PRODUCT, "model", Sender.CUSTOMER),),
        )
        for name, confidence in CONFIDENCES.items()
    )


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Recorded]:
    opened = Recorded(tmp_path / "out.jsonl", KEYS)
    yield opened
    opened.close()


@pytest.fixture
def earlier(journal: Journal, writer: Recorded) -> str:
    """A run over three conversations that kept what reached 0.7 and wrote it."""
    writer.prepare()
    begun = NewRun(
        "files:chats.jsonl", writer.name, writer.target, Window(), "f", {"model": "m"}, {}, basis="b"
    )
    run_id = journal.start(begun)
    journal.list_page(run_id, Page(tuple(Listing(each, revision=each) for each in "abc")))
    findings = Findings(decide(found(), Policy(0.7)))
    for each in "abc":
        change = plan(each, findings.decisions, FIELDS, Record(each, exists=False)).change
        assert change is not None
        journal.intend(run_id, writer.target, [Intention(each, State.WRITTEN, findings, change, messages=2)])
        FilesWriter.apply(writer, change)
    return run_id


@pytest.fixture
def job(journal: Journal, writer: Recorded, earlier: str) -> flow.Recut:
    return flow.Recut(
        writer=writer,
        journal=journal,
        earlier=earlier,
        policy=Policy(0.5),
        pace=0.0,
        workers=1,
        requests=lambda: Usage(requests=7),
    )


def products(job: flow.Recut) -> list[object]:
    return [job.writer.read(Listing(each)).values.get("products") for each in "abc"]


def test_what_is_kept_now_is_written_surest_first(job: flow.Recut) -> None:
    run_id = flow.run(job)
    assert products(job) == [["Slack", "Teams", "Zoom"]] * 3
    assert job.journal.counts(run_id) == {State.WRITTEN: 3}
    facts = job.journal.facts(run_id)
    assert (facts.source, facts.extractor) == (f"rethreshold:{job.earlier}", {"model": "m"})
    assert facts.usage.requests == 7
    assert {row.messages for row in job.journal.conversations(run_id)} == {2}


def test_a_run_that_ended_before_anything_was_listed_is_resumed(job: flow.Recut) -> None:
    fields = job.writer.prepare()
    run_id = job.journal.start(job.begun(fields))
    flow.resume(job, run_id)
    assert job.journal.counts(run_id) == {State.WRITTEN: 3}


@pytest.mark.parametrize("broken_at", [0, 1, 2])
def test_a_run_that_broke_off_goes_on_and_writes_nothing_twice(
    job: flow.Recut, writer: Recorded, broken_at: int
) -> None:
    writer.broken_at = broken_at
    with pytest.raises(UnavailableError):
        flow.run(job)
    (run_id,) = (row["id"] for row in job.journal.runs() if row["id"] != job.earlier)
    writer.broken_at = None
    flow.resume(replace(job, stop=threading.Event()), run_id)
    assert products(job) == [["Slack", "Teams", "Zoom"]] * 3
    assert job.journal.counts(run_id) == {State.WRITTEN: 3}
    assert writer.writes == 3


def test_it_is_not_resumed_under_other_cuts(job: flow.Recut) -> None:
    run_id = flow.run(job)
    with pytest.raises(ConfigError, match="began with another"):
        flow.resume(replace(job, policy=Policy(0.9), stop=threading.Event()), run_id)


def test_values_that_others_changed_since_are_replaced_and_come_back_by_undo(
    job: flow.Recut, writer: Recorded
) -> None:
    """The change starts from what is there now, not from what the earlier run left."""
    theirs = Change("b", {"products": ["Slack"]}, {"products": ["Theirs"]}, Record("b", exists=True))
    FilesWriter.apply(writer, theirs)
    run_id = flow.run(job)
    assert products(job)[1] == ["Slack", "Teams", "Zoom"]
    assert job.journal.intended(run_id, "b").before == {"products": ["Theirs"]}


def test_its_fingerprint_is_that_of_a_run_over_the_texts_under_these_cuts(job: flow.Recut) -> None:
    other = replace(job, policy=Policy(0.9))
    assert flow.fingerprint(job, FIELDS) != flow.fingerprint(other, FIELDS)
    assert job.basis == "b"


@pytest.mark.parametrize(
    ("began_with", "cut", "refused"),
    [(0.7, 0.05, False), (0.7, 0.049, True), (0.7, 0.0, True), (0.02, 0.02, False), (0.02, 0.01, True)],
)
def test_a_cut_below_what_was_kept_is_refused(
    job: flow.Recut, journal: Journal, began_with: float, cut: float, refused: bool
) -> None:
    """A run over the texts would find more there, and would take these results for its own."""
    options = {"thresholds": {PRODUCT: began_with}, "reviews": {PRODUCT: 0.3}}
    begun = NewRun(
        "files:chats.jsonl", job.writer.name, job.writer.target, Window(), "f", {}, options, basis="b"
    )
    low = replace(job, earlier=journal.start(begun), policy=Policy(0.7, review=cut))
    if refused:
        with pytest.raises(ConfigError, match="did not keep every candidate"):
            flow.run(low)
    else:
        flow.run(low)
    assert len(journal.runs()) == 3 - refused
