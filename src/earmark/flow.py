"""The flow, from top to bottom: source → transcript → extract → findings, and from there to `delivery`.

Three stages work at once, each at most one batch ahead of the next: fetching, analysing, writing. The
journal knows of every conversation before its text is asked for, and of every change before it is sent.
Where only the cuts move, the findings come from the journal instead.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from dataclasses import fields as dataclass_fields
from typing import Any

from earmark.ahead import ahead
from earmark.decide import Policy, decide
from earmark.delivery import Analysis, Sitting, Task, settle, take_up_intended, write
from earmark.errors import ConfigError, EarmarkError, StoppedError
from earmark.findings import Judge
from earmark.journal import LEAST_CANDIDATE, NewRun
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
    RunFacts,
    State,
    Unreadable,
    Usage,
    Window,
)
from earmark.ports import Extractor, Source
from earmark.transcript import tidy, truncation

RETHRESHOLD = "rethreshold"
BATCH_CONVERSATIONS = 100
BATCH_CHARACTERS = 1_000_000
TEXT_ATTEMPTS = 12
LONGEST_WAIT_SECONDS = 6 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Task):
    """A run over a source. `patience` is how long it waits, at its end, for texts that are not ready."""

    source: Source
    extractor: Extractor
    judge: Judge
    window: Window = field(default_factory=Window)
    limit: int | None = None
    patience: float = 60.0

    @property
    def basis(self) -> str:
        """Changes whenever the same text could lead to other candidates, whatever the cuts."""
        return _digest([self.extractor.fingerprint, replace(self.judge, policy=Policy()).fingerprint])

    @property
    def policy(self) -> Policy:
        return self.judge.policy

    def begun(self, fields: Mapping[str, Field]) -> NewRun:
        return NewRun(
            source=self.source.name,
            writer=self.writer.name,
            target=self.writer.target,
            window=self.window,
            fingerprint=fingerprint(self, fields),
            facts=self.extractor.facts,
            options=self.options,
            dry_run=self.dry_run,
            basis=self.basis,
            confidence=self.judge.scorer.facts,
        )

    def analyses(self, sitting: Sitting) -> Generator[list[Analysis], None, None]:
        return analysed_ahead(self, sitting)

    def usage(self) -> Usage:
        return _sum(self.source.usage(), self.writer.usage())


@dataclass(frozen=True, slots=True, kw_only=True)
class Recut(Task):
    """A run over what an earlier run found, judged again under other cuts. No text is read.

    `requests` tells what the service was asked so far.
    """

    earlier: str
    policy: Policy
    requests: Callable[[], Usage] = Usage

    @property
    def basis(self) -> str:
        """That of the earlier run, so that a run over the texts under these cuts would change nothing."""
        row = self.journal.run(self.earlier)
        return str(row["basis"] or row["fingerprint"])

    def begun(self, fields: Mapping[str, Field]) -> NewRun:
        """As the earlier run, on the same target.

        Raises:
            ConfigError: The writer writes to another place now, or a cut is lower than what was kept.
        """
        row, facts = self.journal.run(self.earlier), self.journal.facts(self.earlier)
        if row["target"] != self.writer.target:
            raise ConfigError(
                f"run {self.earlier} wrote to another target than {self.writer.name} is now",
                hint="restore region, schema and folder as they were then",
            )
        _refuse_lower_cuts(self.policy, facts)
        return NewRun(
            source=f"{RETHRESHOLD}:{self.earlier}",
            writer=self.writer.name,
            target=self.writer.target,
            window=facts.window,
            fingerprint=fingerprint(self, fields),
            facts=facts.extractor,
            options=self.options,
            dry_run=self.dry_run,
            basis=self.basis,
            confidence=facts.confidence,
        )

    def analyses(self, sitting: Sitting) -> Generator[list[Analysis], None, None]:
        return judged_again(self, sitting)

    def usage(self) -> Usage:
        return _sum(self.requests(), self.writer.usage())


def _refuse_lower_cuts(policy: Policy, earlier: RunFacts) -> None:
    """Under a cut below what a run kept, a run over the texts would find more."""
    for label in sorted(policy.per_label.keys() | earlier.thresholds.keys()):
        kept_from = min(
            LEAST_CANDIDATE, *(cuts.get(label, 1.0) for cuts in (earlier.thresholds, earlier.review))
        )
        if policy.review_cut(label) < kept_from:
            raise ConfigError(
                f"run {earlier.id} did not keep every candidate below {kept_from:g}, and {label} is to be cut at "
                f"{policy.review_cut(label):g}",
                hint=f"name cuts from {kept_from:g} on, or run over the texts again",
            )


def run(job: Job | Recut) -> str:
    """Do the job (or, with `dry_run`, everything but the writing) and return the run's id."""
    fields = job.writer.prepare()
    run_id = job.journal.start(job.begun(fields))
    _sit(job, Sitting(run_id, fields))
    return run_id


def resume(job: Job | Recut, run_id: str) -> None:
    """Go on with a run that stopped, in the way in which it began.

    Raises:
        ConfigError: Model, catalog, rules or settings are not what they were when the run began.
    """
    fields = job.writer.prepare()
    row = job.journal.begun_as(run_id, job.writer.target, fingerprint(job, fields))
    job.journal.sit_again(run_id)
    _sit(job, Sitting(run_id, fields, cursor=row["cursor"], listed=row["listed"]))


def fingerprint(job: Job | Recut, fields: Mapping[str, Field]) -> str:
    """Changes whenever the same text could lead to other attributes."""
    return _digest([job.basis, asdict(job.policy), [asdict(attribute) for attribute in fields.values()]])


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _sit(job: Job | Recut, sitting: Sitting) -> None:
    status = "stopped"
    try:
        take_up_intended(job, sitting)
        with closing(job.analyses(sitting)) as batches:
            for analyses in batches:
                write(job, sitting, analyses)
                if job.stop.is_set():
                    break
        status = "interrupted" if job.stop.is_set() else "finished"
    except StoppedError:
        status = "interrupted"
    except EarmarkError as error:
        error.add_note(f"what is done stays done; go on with: earmark resume {sitting.run_id}")
        raise
    finally:
        job.stop.set()
        job.journal.finish(sitting.run_id, status, job.usage())


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(*(getattr(one, part.name) + getattr(other, part.name) for part in dataclass_fields(Usage)))


# source


def listed(job: Job, sitting: Sitting) -> Iterator[list[Listing]]:
    """Conversations to process, in batches: what an earlier sitting left, the listing, what became due."""
    run_id = sitting.run_id
    left = job.journal.unfinished(run_id, State.LISTED)
    if job.source.resumable:
        yield from _chunks(left)
    if not sitting.listed or (left and not job.source.resumable):
        taken = {listing.id for listing in left if job.source.resumable}
        for page in _limited(job, sitting):
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
    yield from _late(job, sitting)


def _limited(job: Job, sitting: Sitting) -> Iterator[Page]:
    """The pages, up to the job's limit of conversations."""
    pages = job.source.pages(job.window, sitting.cursor if job.source.resumable else None)
    if job.limit is None:
        yield from pages
        return
    left = job.limit - (job.journal.size(sitting.run_id) if job.source.resumable else 0)
    while left > 0 and (page := next(pages, None)) is not None:
        taken = page.listings[:left]
        left -= len(taken)
        yield replace(page, listings=taken)


def _late(job: Job, sitting: Sitting) -> Iterator[list[Listing]]:
    """Texts that were not ready, as they become due, for as long as the job's patience lasts.

    An empty batch before each wait lets what has arrived so far go on.
    """
    journal = job.journal
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


Read = tuple[Listing, Conversation, str | None]
"""A listing, its conversation tidied, and what was left out of it in words."""


def fetched(job: Job, sitting: Sitting) -> Iterator[list[Read]]:
    """The texts, tidied, in batches that are bounded in conversations and in characters."""
    batch: list[Read] = []
    characters = 0
    for listings in listed(job, sitting):
        for listing, conversation in _texts(job, sitting, listings):
            read = tidy(conversation)
            batch.append((replace(listing, conversation=None), read, truncation(conversation)))
            job.watch("read", 1)
            characters += sum(len(message.text) for message in read.messages)
            if len(batch) >= BATCH_CONVERSATIONS or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
        if batch and not listings:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _texts(job: Job, sitting: Sitting, listings: Sequence[Listing]) -> Iterator[tuple[Listing, Conversation]]:
    without = {listing.id: listing for listing in listings if listing.conversation is None}
    for listing in listings:
        if listing.conversation is not None:
            yield listing, listing.conversation
    for result in job.source.fetch(list(without.values())) if without else ():
        match result:
            case Ready(conversation):
                yield without[conversation.id], conversation
            case NotReady(conversation_id, reason, seconds):
                _postpone(job, sitting, conversation_id, reason, seconds)
            case Gone(conversation_id, reason):
                settle(job, sitting, Outcome(conversation_id, State.GONE, reason))
            case Unreadable(conversation_id, reason, correlation_id):
                settle(job, sitting, Outcome(conversation_id, State.FAILED, reason, correlation_id))
        if job.stop.is_set():
            return


def _postpone(job: Job, sitting: Sitting, conversation_id: str, reason: str, wait: float) -> None:
    def pause(attempt: int) -> float | None:
        if attempt >= TEXT_ATTEMPTS:
            return None
        return min(wait * 2.0 ** (attempt - 1), LONGEST_WAIT_SECONDS) * job.pace

    state = job.journal.postpone(sitting.run_id, conversation_id, reason, pause)
    job.watch(state.value, 1)


# extract → findings


def analysed_ahead(job: Job, sitting: Sitting) -> Generator[list[Analysis], None, None]:
    """The stages up to the findings, each working ahead of the next."""
    with closing(ahead(fetched(job, sitting))) as batches, closing(ahead(analysed(job, batches))) as ready:
        try:
            for analyses in ready:  # noqa: UP028 - a close comes here first, and only then to the stages
                yield analyses
        except BaseException:
            job.stop.set()  # what fails does not wait for the pauses of the stages behind it
            raise


def analysed(job: Job, batches: Iterable[list[Read]]) -> Iterator[list[Analysis]]:
    """Each conversation with what was decided about it."""
    for batch in batches:
        findings = judged(job.extractor, job.judge, [conversation for _, conversation, _ in batch])
        yield [
            Analysis(listing, found, len(conversation.messages), conversation.language, note=note)
            for (listing, conversation, note), found in zip(batch, findings, strict=True)
        ]


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
        told = [listing.conversation for listing in page.listings if listing.conversation]
        for left_out, whole in ((truncation(each), each) for each in told):
            if left_out:
                reject(Rejected(whole.id, left_out))
        conversations = [tidy(each) for each in told]
        yield from zip(conversations, judged(extractor, judge, conversations), strict=True)


# journal → findings


def judged_again(job: Recut, sitting: Sitting) -> Generator[list[Analysis], None, None]:
    """What the earlier run found in each conversation, under the job's cuts."""
    if not sitting.listed:
        job.watch("listed", job.journal.list_again(sitting.run_id, job.earlier))
    last = ""
    while batch := job.journal.candidates(sitting.run_id, job.earlier, after=last):
        last = batch[-1].listing.id
        yield [
            Analysis(
                found.listing,
                Findings(decide(found.entities, job.policy)),
                found.messages,
                found.language,
                copied_from=job.earlier,
            )
            for found in batch
        ]
