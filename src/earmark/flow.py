"""The flow, from top to bottom: source → transcript → extract → findings → plan → write.

Three stages work at once, each at most one batch ahead of the next: fetching, analysing, writing. The
journal knows of every conversation before its text is asked for, and of every change before it is sent.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from dataclasses import fields as dataclass_fields

from earmark.ahead import ahead
from earmark.attributes import Plan, plan
from earmark.delivery import current, deliver_all, pauses, take_up
from earmark.errors import EarmarkError, StoppedError
from earmark.findings import Judge
from earmark.journal import Intention, Journal, NewRun
from earmark.model import (
    Conversation,
    Field,
    Findings,
    Gone,
    Listing,
    NotReady,
    Outcome,
    Page,
    Ready,
    Rejected,
    State,
    Unreadable,
    Usage,
    Window,
)
from earmark.ports import Extractor, Source, Writer
from earmark.transcript import tidy

BATCH_CONVERSATIONS = 100
BATCH_CHARACTERS = 1_000_000
TEXT_ATTEMPTS = 12
LONGEST_WAIT_SECONDS = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Job:
    """Everything a run needs. `patience` is how long it waits, at its end, for texts that are not ready.

    `watch` is told what happens (`listed`, `read` or a state, and how many); `stop` asks the run to end after the
    batch in hand; `pace` scales the pauses between attempts.
    """

    source: Source
    extractor: Extractor
    judge: Judge
    writer: Writer
    journal: Journal
    window: Window = field(default_factory=Window)
    limit: int | None = None
    dry_run: bool = False
    patience: float = 60.0
    workers: int = 8
    pace: float = 1.0
    options: Mapping[str, object] = field(default_factory=dict)
    watch: Callable[[str, int], None] = lambda _what, _count: None
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Sitting:
    """A job at work on one run."""

    job: Job
    run_id: str
    fields: Mapping[str, Field]
    cursor: str | None = None
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Analysis:
    """A conversation and what was decided about the entities in it."""

    listing: Listing
    conversation: Conversation
    findings: Findings


def run(job: Job) -> str:
    """Do the main job (or, with `dry_run`, everything but the writing) and return the run's id."""
    fields = job.writer.prepare()
    begun = NewRun(
        source=job.source.name,
        writer=job.writer.name,
        target=job.writer.target,
        window=job.window,
        fingerprint=fingerprint(job, fields),
        facts=job.extractor.facts,
        options=job.options,
        dry_run=job.dry_run,
    )
    run_id = job.journal.start(begun)
    _sit(Sitting(job, run_id, fields))
    return run_id


def resume(job: Job, run_id: str) -> None:
    """Go on with a run that stopped, in the way in which it began.

    Raises:
        ConfigError: Model, catalog, rules or settings are not what they were when the run began.
    """
    fields = job.writer.prepare()
    row = job.journal.begun_as(run_id, job.writer.target, fingerprint(job, fields))
    job.journal.sit_again(run_id)
    _sit(Sitting(job, run_id, fields, cursor=row["cursor"], listed=row["listed"]))


def fingerprint(job: Job, fields: Mapping[str, Field]) -> str:
    """Changes whenever the same text could lead to other attributes."""
    parts = {
        "extractor": job.extractor.fingerprint,
        "judge": job.judge.fingerprint,
        "fields": [asdict(attribute) for attribute in fields.values()],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _sit(sitting: Sitting) -> None:
    job = sitting.job
    status = "stopped"
    try:
        _take_up_intended(sitting)
        with closing(ahead(fetched(sitting))) as batches, closing(ahead(analysed(job, batches))) as ready:
            try:
                for analyses in ready:
                    write(sitting, analyses)
                    if job.stop.is_set():
                        break
            except BaseException:
                job.stop.set()  # what fails here does not wait for the pauses of the stages behind it
                raise
        status = "interrupted" if job.stop.is_set() else "finished"
    except StoppedError:
        status = "interrupted"
    except EarmarkError as error:
        error.add_note(f"what is done stays done; go on with: earmark resume {sitting.run_id}")
        raise
    finally:
        job.stop.set()
        job.journal.finish(sitting.run_id, status, _spent(job))


def _spent(job: Job) -> Usage:
    read, wrote = job.source.usage(), job.writer.usage()
    return Usage(*(getattr(read, part.name) + getattr(wrote, part.name) for part in dataclass_fields(Usage)))


# source


def listed(sitting: Sitting) -> Iterator[list[Listing]]:
    """Conversations to process, in batches: what an earlier sitting left, the listing, what became due."""
    job, run_id = sitting.job, sitting.run_id
    left = job.journal.unfinished(run_id, State.LISTED)
    if job.source.resumable:
        yield from _chunks(left)
    if not sitting.listed or (left and not job.source.resumable):
        taken = {listing.id for listing in left if job.source.resumable}
        for page in _limited(sitting):
            new = [each for each in job.journal.list_page(run_id, page) if each.id not in taken]
            job.watch("listed", len(page.listings))
            job.watch(State.UNCHANGED.value, len(page.listings) - len(new))
            yield from _chunks(new)
            if job.stop.is_set():
                return
        if job.limit is None:
            job.journal.listed(run_id)
            if not job.source.resumable:
                job.watch(State.GONE.value, job.journal.miss(run_id))
    yield from _late(sitting)


def _limited(sitting: Sitting) -> Iterator[Page]:
    """The pages, up to the job's limit of conversations."""
    job = sitting.job
    pages = job.source.pages(job.window, sitting.cursor if job.source.resumable else None)
    if job.limit is None:
        yield from pages
        return
    left = job.limit - (job.journal.size(sitting.run_id) if job.source.resumable else 0)
    while left > 0 and (page := next(pages, None)) is not None:
        taken = page.listings[:left]
        left -= len(taken)
        yield replace(page, listings=taken)


def _late(sitting: Sitting) -> Iterator[list[Listing]]:
    """Texts that were not ready, as they become due, for as long as the job's patience lasts.

    An empty batch before each wait lets what has arrived so far go on.
    """
    job, journal = sitting.job, sitting.job.journal
    deadline = journal.clock() + job.patience
    while (due := journal.next_attempt(sitting.run_id)) is not None and due <= deadline:
        yield []
        if job.stop.wait(max(0.0, due - journal.clock())):
            return
        taken = journal.take_due(sitting.run_id)
        job.watch(State.PENDING.value, -len(taken))
        yield from _chunks(taken)


def _chunks(listings: Sequence[Listing]) -> Iterator[list[Listing]]:
    for start in range(0, len(listings), BATCH_CONVERSATIONS):
        yield list(listings[start : start + BATCH_CONVERSATIONS])


# transcript


def fetched(sitting: Sitting) -> Iterator[list[tuple[Listing, Conversation]]]:
    """The texts, tidied, in batches that are bounded in conversations and in characters."""
    batch: list[tuple[Listing, Conversation]] = []
    characters = 0
    for listings in listed(sitting):
        for listing, conversation in _texts(sitting, listings):
            batch.append((replace(listing, conversation=None), tidy(conversation)))
            sitting.job.watch("read", 1)
            characters += sum(len(message.text) for message in conversation.messages)
            if len(batch) >= BATCH_CONVERSATIONS or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
        if batch and not listings:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _texts(sitting: Sitting, listings: Sequence[Listing]) -> Iterator[tuple[Listing, Conversation]]:
    without = {listing.id: listing for listing in listings if listing.conversation is None}
    for listing in listings:
        if listing.conversation is not None:
            yield listing, listing.conversation
    for result in sitting.job.source.fetch(list(without.values())) if without else ():
        match result:
            case Ready(conversation):
                yield without[conversation.id], conversation
            case NotReady(conversation_id, reason, seconds):
                _postpone(sitting, conversation_id, reason, seconds)
            case Gone(conversation_id, reason):
                _settle(sitting, Outcome(conversation_id, State.GONE, reason))
            case Unreadable(conversation_id, reason, correlation_id):
                _settle(sitting, Outcome(conversation_id, State.FAILED, reason, correlation_id))
        if sitting.job.stop.is_set():
            return


def _postpone(sitting: Sitting, conversation_id: str, reason: str, wait: float) -> None:
    def pause(attempt: int) -> float | None:
        if attempt >= TEXT_ATTEMPTS:
            return None
        return min(wait * 2.0 ** (attempt - 1), LONGEST_WAIT_SECONDS) * sitting.job.pace

    state = sitting.job.journal.postpone(sitting.run_id, conversation_id, reason, pause)
    sitting.job.watch(state.value, 1)


# extract → findings


def analysed(job: Job, batches: Iterable[list[tuple[Listing, Conversation]]]) -> Iterator[list[Analysis]]:
    """Each conversation with what was decided about it."""
    for batch in batches:
        findings = judged(job.extractor, job.judge, [conversation for _, conversation in batch])
        yield [Analysis(*item, found) for item, found in zip(batch, findings, strict=True)]


def judged(extractor: Extractor, judge: Judge, conversations: Sequence[Conversation]) -> Iterator[Findings]:
    """Extract and judge; one result a conversation, in order."""
    for conversation, mentions in zip(conversations, extractor.extract(conversations), strict=True):
        yield judge(conversation, mentions)


def extracted(
    source: Source, extractor: Extractor, judge: Judge, reject: Callable[[Rejected], None]
) -> Iterator[tuple[Conversation, Findings]]:
    """The flow without journal and writer, for a source whose text travels with the listing."""
    for page in source.pages(Window()):
        for rejected in page.rejected:
            reject(rejected)
        conversations = [tidy(listing.conversation) for listing in page.listings if listing.conversation]
        yield from zip(conversations, judged(extractor, judge, conversations), strict=True)


# plan → write


def write(sitting: Sitting, analyses: Sequence[Analysis]) -> None:
    """Plan the batch, make the intents durable, then send what has to be sent."""
    job = sitting.job
    records, unreadable = current(job.writer, [analysis.listing for analysis in analyses])
    _settle(sitting, *unreadable.values())
    analyses = [analysis for analysis in analyses if analysis.listing.id in records]
    plans = [
        plan(analysis.listing.id, analysis.findings.decisions, sitting.fields, records[analysis.listing.id])
        for analysis in analyses
    ]
    intentions = [_intention(job, analysis, due) for analysis, due in zip(analyses, plans, strict=True)]
    job.journal.intend(sitting.run_id, job.writer.target, intentions)
    for intention in intentions:
        if intention.state is not State.INTENDED:
            job.watch(intention.state.value, 1)
    changes = [(a.listing, due.change) for a, due in zip(analyses, plans, strict=True) if due.change]
    if job.dry_run:
        return
    for outcomes in deliver_all(job.writer, changes, workers=job.workers, stop=job.stop, pace=job.pace):
        _settle(sitting, *outcomes)


def _intention(job: Job, analysis: Analysis, due: Plan) -> Intention:
    change = due.change
    state = State.UNCHANGED if change is None else State.PLANNED if job.dry_run else State.INTENDED
    return Intention(
        conversation_id=analysis.listing.id,
        state=state,
        findings=analysis.findings,
        change=change,
        reason=f"{due.omitted} names found no room in the attribute" if due.omitted else None,
        messages=len(analysis.conversation.messages),
        language=analysis.conversation.language,
    )


def _settle(sitting: Sitting, *outcomes: Outcome) -> None:
    sitting.job.journal.settle(sitting.run_id, outcomes)
    for outcome in outcomes:
        sitting.job.watch(outcome.state.value, 1)


def _take_up_intended(sitting: Sitting) -> None:
    """Settle the changes of which an earlier sitting did not learn the outcome."""
    job = sitting.job
    for listing in job.journal.unfinished(sitting.run_id, State.INTENDED):
        change = job.journal.intended(sitting.run_id, listing.id)
        _settle(sitting, take_up(job.writer, listing, change, pauses(job.stop, job.pace)))
