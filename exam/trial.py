"""One trial: a run that is disturbed, brought to its end, repeated, and taken back; and all that was seen of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from earmark.sandbox import FaultPlan, Write
from earmark.sandbox.chats import conversation_id
from earmark.sandbox.schemas import EARMARK_SCHEMA
from exam.conversations import furnish
from exam.order import Done, Ended, Order
from exam.organisation import DESK, OURS, Organisation
from exam.process import JOURNAL, begin, environment, finish, runs

RUN = ("run", "--since", "9w")
REPORT = ("report", "--json")


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL at the `nth` point that is passed, or at the `nth` passing of the point `name`."""

    nth: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is done to a run. `kills` are for one sitting after another, `undo_kills` for those of the undo.

    `faults` last until the first sitting that ends by itself, `undo_faults` likewise. `between` is called with
    the folder and what became of the process, after each kill. `share` is the neighbour's diligence, `job` the
    command that is disturbed, `before` are those that come ahead of it.
    """

    writer: str = "custom_attributes"
    kills: tuple[Kill, ...] = ()
    undo_kills: tuple[Kill, ...] = ()
    faults: FaultPlan | None = None
    undo_faults: FaultPlan | None = None
    seed: int = 0
    bug: str = ""
    share: float = 0.5
    workers: int = 8
    job: tuple[str, ...] = RUN
    before: tuple[tuple[str, ...], ...] = ()
    between: Callable[[Path, Ended], None] = lambda _folder, _ended: None
    trace: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Evidence:
    """What was seen in a trial. Snapshots are the organisation's, by store and conversation.

    `finished` is the state before the undo, `edited` that after others' later edits, `undone` that at the end.
    """

    script: Script
    store: str
    conversations: tuple[str, ...]
    gone: frozenset[str]
    initial: Mapping[str, Any]
    finished: Mapping[str, Any]
    edited: Mapping[str, Any]
    undone: Mapping[str, Any]
    writes: tuple[Write, ...]
    sittings: tuple[Ended, ...]
    undos: tuple[Ended, ...]
    overtaken: frozenset[str]
    requests: int
    struck: int
    windows: tuple[int, ...]
    rate_limit: int
    folder: Path

    @property
    def done(self) -> list[Done]:
        """All commands that came to an end, in order."""
        return [done for ended in (*self.sittings, *self.undos) for done in ended.done]

    @property
    def kills(self) -> int:
        return sum(ended.killed for ended in (*self.sittings, *self.undos))


@contextmanager
def attempted(script: Script) -> Iterator[Evidence]:
    """Carry a trial out; its folder is there until the block ends."""
    with tempfile.TemporaryDirectory(prefix="exam-") as place:
        folder = Path(place)
        furnish(folder)
        organisation = Organisation(
            script.writer, seed=script.seed, faults=script.faults, share=script.share, **script.options
        )
        try:
            yield _Trial(script, folder, organisation).evidence()
        finally:
            organisation.close()


@dataclass
class _Trial:
    script: Script
    folder: Path
    organisation: Organisation

    def evidence(self) -> Evidence:
        sittings = tuple(self._work())
        finished = self.organisation.sandbox.snapshot()
        overtaken = self._edit_later()
        edited = self.organisation.sandbox.snapshot()
        undos = tuple(self._take_back())
        sandbox = self.organisation.sandbox
        stats = sandbox.stats()
        chats = sandbox.state.chats.values()
        return Evidence(
            script=self.script,
            store=self.organisation.store,
            conversations=tuple(conversation_id(seed["id"]) for seed in self.organisation.conversations),
            gone=frozenset(chat.id for chat in chats if chat.gone),
            initial=self.organisation.initial,
            finished=finished,
            edited=edited,
            undone=sandbox.snapshot(),
            writes=tuple(self.organisation.writes),
            sittings=sittings,
            undos=undos,
            overtaken=overtaken,
            requests=sum(stats["requests"].values()),
            struck=sum(stats["faults"].values()),
            windows=tuple(stats["windows"]),
            rate_limit=sandbox.state.gate.rate_limit,
            folder=self.folder,
        )

    def _work(self) -> Iterator[Ended]:
        """The sittings of the job up to its end, and two more runs: the second has nothing left to do."""
        if self.script.before:
            yield self._live(self.script.before)
        for kill in self.script.kills:
            ended = self._live([self._next()], kill)
            yield ended
            self.script.between(self.folder, ended)
        if self.script.faults is not None:
            yield self._live([self._next()])
        self.organisation.sandbox.misbehave(None)
        again = [] if self.script.job[0] == "rethreshold" else [RUN, REPORT, RUN, REPORT]
        yield self._live([self._next(), REPORT, *again])

    def _next(self) -> tuple[str, ...]:
        """Go on with a run that was begun, else begin one."""
        begun = self._begun()
        return ("resume", begun) if begun else self.script.job

    def _begun(self) -> str:
        """The id of the run that this trial is about, once it is in the journal."""
        listed = [run.id for run in runs(self.folder / JOURNAL)]
        ours = listed[len(self.script.before) :] if self.script.before else listed
        return ours[-1] if ours else ""

    def _edit_later(self) -> frozenset[str]:
        """Others go on working: they change their own keys and, in one conversation, ours."""
        sandbox, store = self.organisation.sandbox, self.organisation.store
        written = [one.conversation for one in self.organisation.writes if one.who != "other"]
        draw = Random(self.script.seed)
        for conversation in sorted(set(written) - {c.id for c in sandbox.state.chats.values() if c.gone}):
            if draw.random() < self.script.share:
                self._edit(conversation, {DESK if store == "custom_attributes" else "crm_note": "later"})
        standing = [each for each in sorted(set(written)) if self._holds_ours(each)]
        if not standing or not self.script.share:
            return frozenset()
        chosen = draw.choice(standing)
        key = next(key for key in self._ours(chosen) if self._ours(chosen)[key])
        theirs = ["their own word"] if isinstance(self._ours(chosen)[key], list) else "their own word"
        self._edit(chosen, {key: theirs})
        return frozenset({f"{chosen}/{key}"})

    def _edit(self, conversation: str, values: dict[str, Any]) -> None:
        sandbox, store = self.organisation.sandbox, self.organisation.store
        if store != "custom_attributes":
            sandbox.edit_as_other(conversation, values, store=store)
            return
        own = [one for one in sandbox.state.records.of(conversation) if one.schema == EARMARK_SCHEMA]
        if own:
            sandbox.edit_as_other(conversation, values, record=own[0].id)

    def _ours(self, conversation: str) -> dict[str, Any]:
        return ours(self.organisation.sandbox.snapshot(), self.organisation.store, conversation)

    def _holds_ours(self, conversation: str) -> bool:
        return any(self._ours(conversation).values())

    def _take_back(self) -> Iterator[Ended]:
        """Undo every run that has written, the newest first, then all of them once more."""
        listed = [run.id for run in reversed(runs(self.folder / JOURNAL)) if run.states.get("written")]
        once = [("undo", each) for each in listed]
        self.organisation.sandbox.misbehave(self.script.undo_faults)
        for kill in self.script.undo_kills:
            ended = self._live(once, kill)
            yield ended
            self.script.between(self.folder, ended)
        if self.script.undo_faults is not None:
            yield self._live(once)
        self.organisation.sandbox.misbehave(None)
        yield self._live([("undo", each) for each in [*listed, *listed]])

    def _live(self, commands: Sequence[tuple[str, ...]], kill: Kill | None = None) -> Ended:
        order = Order(
            folder=self.folder,
            commands=tuple(commands),
            env=environment(
                self.folder, {**self.organisation.variables, "EARMARK_WORKERS": str(self.script.workers)}
            ),
            kill_at=kill.nth if kill else None,
            kill_name=kill.name if kill else "",
            bug=self.script.bug,
            trace=self.script.trace,
        )
        return finish(order, begin(order))


def ours(snapshot: Mapping[str, Any], store: str, conversation: str) -> dict[str, Any]:
    """Our keys of a conversation in a snapshot."""
    found: dict[str, Any] = {}
    for values in maps(snapshot, store, conversation).values():
        found |= {key: value for key, value in values.items() if key.startswith(OURS)}
    return found


def maps(snapshot: Mapping[str, Any], store: str, conversation: str) -> dict[str, dict[str, Any]]:
    """The attribute maps of a conversation by record (custom attributes), participant, or conversation."""
    held = snapshot[store].get(conversation, {})
    if store == "custom_attributes":
        return {record: dict(entry["customAttributes"]) for record, entry in held.items()}
    return (
        {each: dict(values) for each, values in held.items()}
        if store == "participants"
        else {conversation: held}
    )
