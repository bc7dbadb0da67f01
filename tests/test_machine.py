"""Any sequence of runs, deaths, faults, second writers and undos keeps the promises on other people's data.

Hypothesis writes the sequences; the journal is a file, the writers are the real ones, the service is the sandbox
on loopback. `EARMARK_EXAM_SIZE=release` makes the search long.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as search
from tests.machine.organisation import (
    ACTS_ON_OURS,
    DEATHS,
    FAULTS,
    THEIR_ACTS,
    Held,
    Life,
    Moment,
    Organisation,
    Place,
    Script,
)
from tests.machine.process import WORDS, ByWord, Chats, Killed, MortalJournal, judge

from earmark import flow
from earmark.attributes import same
from earmark.decide import Policy
from earmark.errors import EarmarkError
from earmark.genesys.schema import setup_schema
from earmark.genesys.session import Credentials, Session, open_session
from earmark.journal.reading import JournalReader
from earmark.model import Json, Record, State
from earmark.ports import Writer
from earmark.undo import Taken, UndoJob, undo
from earmark.writers.custom_attributes import CustomAttributesWriter
from earmark.writers.interactions import InteractionsWriter
from earmark.writers.participant_data import ParticipantDataWriter

CHATS = 3
TROUBLES = (*FAULTS, *DEATHS, *THEIR_ACTS, *ACTS_ON_OURS, "deleted")
THRESHOLDS = st.sampled_from([0.4, 0.8, 1.1])
WHICH = st.integers(0, 5)
CHAT = st.integers(0, CHATS - 1)

words = st.lists(st.one_of(st.just("ok"), st.sampled_from(TROUBLES)), max_size=6).map(tuple)
scripts = st.builds(Script, words, words)
deaths = st.one_of(st.none(), st.tuples(st.integers(1, 9), st.booleans()))
told = st.lists(st.sampled_from(sorted(WORDS)), unique=True).map(tuple)
Death = tuple[int, bool] | None


class Earmark(RuleBasedStateMachine):
    """Commands of Earmark, each a process of its own, between acts of others; subclasses name the writer."""

    def make_writer(self, session: Session, journal: MortalJournal) -> Writer:
        raise NotImplementedError

    def place(self, writer: Writer) -> Place:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.path = Path(self.stack.enter_context(tempfile.TemporaryDirectory())) / "journal.db"
        self.organisation = Organisation(CHATS)
        sandbox = self.stack.enter_context(self.organisation.sandbox)
        credentials = Credentials(sandbox.url, sandbox.client_id, sandbox.client_secret)
        self.session = self.stack.enter_context(open_session(credentials, retry_pause=0.0))
        self.ticks = count(1_770_000_000)
        self.ids = self.organisation.ids
        self.source = Chats(self.organisation, dict.fromkeys(self.ids, ()))
        self.verb, self.run_id = "", ""
        self.pre_images: dict[tuple[str, str], Any] = {}
        self.written: set[tuple[str, str]] = set()
        self.thresholds: dict[str, float] = {}
        self._open_for_good()

    def _open_for_good(self) -> None:
        setup_schema(self.session, "Earmark", {"THEIRS": "note"})  # a field of somebody else's
        journal = self._journal(Life())
        self.eyes = JournalReader(self.path)
        self.stack.callback(self.eyes.close)
        writer = self.make_writer(self.session, journal)
        self.fields = writer.prepare()
        self.organisation.intent = lambda conversation: self.change(self._run(), conversation)
        self.organisation.doing = lambda: (self.verb, self._run())
        self.organisation.watch(self.place(writer))

    def _journal(self, life: Life) -> MortalJournal:
        journal = MortalJournal(self.path, lambda: float(next(self.ticks)), life=life)
        self.stack.callback(journal.close)
        return journal

    def _run(self) -> str:
        """The run that the present command is about."""
        return self.run_id or next((str(row["id"]) for row in self.eyes.runs()), "")

    def change(self, run_id: str, conversation: str) -> Mapping[str, Any] | None:
        """What a run durably intends for a conversation, at this moment."""
        for row in self.eyes.history(conversation, run_id):
            return next(iter(row["changes"]), None)
        return None

    # what happens

    @initialize(words=st.tuples(*[told] * CHATS))
    def begin(self, words: tuple[tuple[str, ...], ...]) -> None:
        self.source.words.update(zip(self.ids, words, strict=True))

    @rule(threshold=THRESHOLDS, script=scripts, death=deaths)
    def run(self, threshold: float, script: Script, death: Death) -> None:
        """A run, over everything; another threshold means other decisions."""
        self.new_run(threshold, script, death, lambda journal: flow.run(self.job(journal, threshold)))

    @precondition(lambda self: self.thresholds)
    @rule(which=WHICH, script=scripts, death=deaths)
    def resume(self, which: int, script: Script, death: Death) -> None:
        run_id = self.pick(which)
        row = self.eyes.run(run_id)
        kind, _, earlier = row["source"].partition(":")

        def go_on(journal: MortalJournal) -> None:
            job = self.job(journal, self.thresholds[run_id])
            recut = self.recut(journal, earlier, self.thresholds[run_id])
            flow.resume(recut if kind == flow.RETHRESHOLD else job, run_id)

        self.command("run", run_id, script, death, go_on)

    @precondition(lambda self: self.thresholds)
    @rule(which=WHICH, threshold=THRESHOLDS, script=scripts, death=deaths)
    def rethreshold(self, which: int, threshold: float, script: Script, death: Death) -> None:
        """A run over what an earlier one found."""
        earlier = self.pick(which)
        self.new_run(
            threshold, script, death, lambda journal: flow.run(self.recut(journal, earlier, threshold))
        )

    @precondition(lambda self: self.thresholds)
    @rule(which=WHICH, script=scripts, death=deaths)
    def undo(self, which: int, script: Script, death: Death) -> None:
        self.take_back(self.pick(which), script, death)

    @precondition(lambda self: self.thresholds)
    @rule(which=WHICH)
    def undo_twice(self, which: int) -> None:
        """The second undo sends nothing."""
        run_id = self.pick(which)
        self.take_back(run_id, Script(), None)
        asked = self.organisation.writes_asked
        self.take_back(run_id, Script(), None)
        assert self.organisation.writes_asked == asked, "a second undo sent something"

    @precondition(lambda self: self.thresholds)
    @rule(which=WHICH, chat=CHAT)
    def undo_after_others(self, which: int, chat: int) -> None:
        """Somebody has changed what is to be taken back."""
        run_id = self.pick(which)
        stand = [listing.id for listing, _, _ in self.eyes.applied(run_id)] or self.ids
        self.organisation.act("our key", stand[chat % len(stand)])
        self.take_back(run_id, Script(), None)

    @rule(threshold=THRESHOLDS, death=st.sampled_from(sorted(DEATHS)), before=st.integers(0, 2))
    def die_in_a_write_go_on_and_undo(self, threshold: float, death: str, before: int) -> None:
        self.run(threshold, Script(writes=("ok",) * before + (death,)), None)
        latest = len(self.thresholds) - 1
        self.resume(latest, Script(), None)
        self.take_back(self.pick(latest), Script(), None)

    @precondition(lambda self: self.thresholds)
    @rule(which=WHICH, threshold=THRESHOLDS)
    def judge_twice(self, which: int, threshold: float) -> None:
        """The same decisions once more, on what they have just left: nothing is due, and nothing is sent.

        But to a conversation that is gone: where a store cannot tell that from one without attributes, it is asked.
        """
        earlier = which % len(self.thresholds)
        self.rethreshold(earlier, threshold, Script(), None)
        asked = self.organisation.writes_asked
        self.rethreshold(earlier, threshold, Script(), None)
        gone = any(chat.gone for chat in self.organisation.sandbox.state.chats.values())
        assert gone or self.organisation.writes_asked == asked, "the same decisions were written twice"

    @precondition(lambda self: self.thresholds)
    @rule(which=WHICH)
    def finish(self, which: int) -> None:
        """A run that goes on undisturbed comes to its end, and leaves nothing to do that it could do."""
        run_id = self.pick(which)
        self.resume(which, Script(), None)
        counts = self.eyes.counts(run_id)
        assert not counts.keys() & {State.LISTED, State.PENDING, State.INTENDED}, "it is not at its end"

    @rule(chat=CHAT, words=told)
    def tell_otherwise(self, chat: int, words: tuple[str, ...]) -> None:
        self.source.words[self.ids[chat]] = words

    @rule(chat=CHAT, what=st.sampled_from([*THEIR_ACTS, *ACTS_ON_OURS]))
    def others_act(self, chat: int, what: str) -> None:
        self.organisation.act(what, self.ids[chat])

    # how it happens

    def pick(self, which: int) -> str:
        runs = list(self.thresholds)
        return runs[which % len(runs)]

    def job(self, journal: MortalJournal, threshold: float) -> flow.Job:
        writer = self.make_writer(self.session, journal)
        return flow.Job(
            source=self.source,
            extractor=ByWord(),
            judge=judge(threshold),
            writer=writer,
            journal=journal,
            workers=1,
            pace=0.0,
        )

    def recut(self, journal: MortalJournal, earlier: str, threshold: float) -> flow.Recut:
        writer = self.make_writer(self.session, journal)
        policy = Policy(threshold)
        return flow.Recut(writer=writer, journal=journal, earlier=earlier, policy=policy, workers=1, pace=0.0)

    def new_run(
        self, threshold: float, script: Script, death: Death, act: Callable[[MortalJournal], object]
    ) -> None:
        self.command("run", "", script, death, act)
        for row in self.eyes.runs():
            self.thresholds.setdefault(row["id"], threshold)

    def take_back(self, run_id: str, script: Script, death: Death) -> None:
        rows = {each: self.change(run_id, each) for each in self.ids}
        laid_over = bool(self.eyes.laid_over(run_id))
        since = self.marks()
        taken: list[Taken] = []

        def go(journal: MortalJournal) -> None:
            writer = self.make_writer(self.session, journal)
            writer.prepare()
            for _ in undo(UndoJob(writer, journal, run_id, pace=0.0), taken.append):
                pass

        self.command("undo", run_id, script, death, go)
        for each in taken:
            self.check_taken(each, rows[each.conversation_id], since[each.conversation_id], laid_over)

    def command(
        self,
        verb: str,
        run_id: str,
        script: Script,
        death: Death,
        act: Callable[[MortalJournal], object],
    ) -> None:
        """One process from its start to its end, whichever that is; then look at what it left."""
        life = Life(*death) if death else Life()
        self.verb, self.run_id = verb, run_id
        since = self.marks()
        self.organisation.begin(life, script)
        with suppress(Killed, EarmarkError):
            act(self._journal(life))
        self.organisation.observe()
        self.organisation.begin(Life(), Script())
        self.check_written(since)

    # what must hold

    def marks(self) -> dict[str, int]:
        """Where each conversation's trail stands; the present state counts as what comes after."""
        return {each: len(moments) - 1 for each, moments in self.organisation.trail.items()}

    def check_written(self, since: Mapping[str, int]) -> None:
        """What has become WRITTEN in this step was there as intended at some moment of it."""
        for run_id in [row["id"] for row in self.eyes.runs()]:
            for row in self.eyes.conversations(run_id):
                if row.state is not State.WRITTEN or (run_id, row.id) in self.written:
                    continue
                self.written.add((run_id, row.id))
                change = self.change(run_id, row.id)
                assert change is not None
                moments = self.organisation.trail[row.id][since[row.id] :]
                assert any(same(moment.held.ours, change["after"]) for moment in moments), (
                    "it never was there"
                )

    def check_taken(self, taken: Taken, row: Mapping[str, Any] | None, since: int, laid_over: bool) -> None:
        """What an undo says is so: what it took back is as it was, what it kept was changed by others.

        Where a later run of ours is `laid_over`, what it emptied looks like what was there before, and is kept.
        """
        assert row is not None
        if taken.status not in {"undone", "already_undone", "kept"}:
            return
        before: dict[str, Json] = row["before"]
        after: dict[str, Json] = row["after"]
        moments = self.organisation.trail[taken.conversation_id][since:]
        asked = set(row.get("kept") or before.keys() | after.keys())  # an earlier undo has left these alone
        restored = asked - set(taken.overtaken)
        assert any(_agree(moment.held, before, restored) for moment in moments), "undone, and it is not"
        for key in taken.overtaken:
            assert any(
                not _agree(moment.held, after, {key})
                and (laid_over or not _agree(moment.held, before, {key}))
                for moment in moments
            ), "kept, and nobody changed it"

    @invariant()
    def nothing_happened_that_must_not(self) -> None:
        assert not self.organisation.violations, self.organisation.violations

    @invariant()
    def pre_images_stay(self) -> None:
        for run_id in self.thresholds:
            for each in self.ids:
                change = self.change(run_id, each)
                if change is not None:
                    kept = self.pre_images.setdefault((run_id, each), (change["before"], change["created"]))
                    assert kept == (change["before"], change["created"]), "a pre-image has changed"

    @invariant()
    def what_stands_can_be_taken_back(self) -> None:
        """A value of ours that a run left on the service is known to the journal as applied, or as open."""
        undoable = {
            (run_id, listing.id) for run_id in self.thresholds for listing, _, _ in self.eyes.applied(run_id)
        }
        for conversation in self.ids:
            for owner in _owners(self.organisation.trail[conversation]):
                known = owner.verb != "run" or (owner.run_id, conversation) in undoable
                assert known, "a value of ours stands there that no undo would take back"

    @invariant()
    def counts_add_up(self) -> None:
        for run_id in self.thresholds:
            total = sum(self.eyes.counts(run_id).values())
            assert total == self.eyes.size(run_id), "the counts do not add up"
            if self.eyes.run(run_id)["listed"] and not self.eyes.run(run_id)["source"].startswith("rethr"):
                assert total == CHATS

    def teardown(self) -> None:
        self.stack.close()


def _agree(held: Held, values: Mapping[str, Json], keys: set[str]) -> bool:
    return all((held.ours.get(key) or None) == (values.get(key) or None) for key in keys)


def _owners(moments: list[Moment]) -> list[Moment]:
    """Who brought about each value of our keys as it is now."""
    owners: dict[str, Moment] = {}
    for was, now in pairwise(moments):
        for key in was.held.ours.keys() | now.held.ours.keys():
            if was.held.ours.get(key) != now.held.ours.get(key):
                owners[key] = now
    return [owner for key, owner in owners.items() if moments[-1].held.ours.get(key)]


class WithCustomAttributes(Earmark):
    def make_writer(self, session: Session, journal: MortalJournal) -> CustomAttributesWriter:
        def known(conversation_id: str) -> Record | None:
            return journal.known(writer.target, conversation_id)

        writer = CustomAttributesWriter(session, known=known, workers=1)
        return writer

    def place(self, writer: Writer) -> Place:
        assert isinstance(writer, CustomAttributesWriter)
        keys = tuple(field.key for field in self.fields.values())
        return Place("custom_attributes", keys, versioned=True, deletes=True, record_of=writer.record_id)


class WithParticipantData(Earmark):
    def make_writer(self, session: Session, journal: MortalJournal) -> Writer:
        return ParticipantDataWriter(session, workers=1)

    def place(self, writer: Writer) -> Place:
        return Place("participants", tuple(field.key for field in self.fields.values()))


class WithInteractions(Earmark):
    def make_writer(self, session: Session, journal: MortalJournal) -> Writer:
        return InteractionsWriter(session, workers=1)

    def place(self, writer: Writer) -> Place:
        return Place("interactions", tuple(field.key for field in self.fields.values()))


EXAMPLES, STEPS = (500, 50) if os.environ.get("EARMARK_EXAM_SIZE") == "release" else (8, 15)


@pytest.mark.parametrize("machine", [WithCustomAttributes, WithParticipantData, WithInteractions])
def test_promises_hold_in_any_sequence(machine: type[Earmark]) -> None:
    sized = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, suppress_health_check=list(HealthCheck)
    )
    search(machine, settings=sized)
