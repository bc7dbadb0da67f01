"""A folder and an organisation in which `earmark` is made to work under a circumstance, step by step."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from earmark.sandbox import FaultPlan, Write
from earmark.sandbox.chats import conversation_id
from earmark.sandbox.faults import RULE_MEMBERS
from exam.conversations import furnish
from exam.expectation import expected
from exam.invariants import DONE_CODES, Expected, violations
from exam.order import Done, Ended, Order, Run
from exam.organisation import Organisation
from exam.process import JOURNAL, begin, environment, finish, runs
from exam.trial import REPORT, RUN, Evidence, Script, ours

OPEN = frozenset({"listed", "pending", "intended"})
PLANTED: list[str] = []
"""Bugs that every process of a stage has, by name; for those who examine the rows."""
Fault = dict[str, Any]


@dataclass
class Stage:
    """What `earmark` is tried on; `sittings` are all processes that have ended, in order."""

    folder: Path
    organisation: Organisation
    sittings: list[Ended] = field(default_factory=list)

    @property
    def conversations(self) -> tuple[str, ...]:
        """All conversations by id, in the order of their seeds."""
        return tuple(conversation_id(seed["id"]) for seed in self.organisation.conversations)

    @property
    def writes(self) -> list[Write]:
        """What was applied on our behalf."""
        return [write for write in self.organisation.writes if write.who != "other"]

    @property
    def values(self) -> Mapping[str, Mapping[str, Any]]:
        """Our keys by conversation, as they stand."""
        snapshot, store = self.organisation.sandbox.snapshot(), self.organisation.store
        return {each: ours(snapshot, store, each) for each in self.conversations}

    @property
    def latest(self) -> Run:
        return runs(self.folder / JOURNAL)[-1]

    @property
    def requests(self) -> Counter[str]:
        """Requests so far by route."""
        return Counter(self.organisation.sandbox.stats()["requests"])

    def earmark(self, *lines: str, **order: Any) -> Ended:
        """Carry out command lines in one process, `order` being members of Order."""
        return self.end(*self.begin(*lines, **order))

    def one(self, line: str, **order: Any) -> Done:
        """The same for a single command that is expected to end by itself."""
        ended = self.earmark(line, **order)
        if not ended.done:
            raise RuntimeError(f"`earmark {line}` ended with {ended.code}, hung: {ended.hung}")
        return ended.done[0]

    def begin(self, *lines: str, **order: Any) -> tuple[Order, ForkServerProcess]:
        """Let a process begin with command lines."""
        env = environment(self.folder, {**self.organisation.variables, **order.pop("env", {})})
        order |= {"bug": "+".join(filter(None, (order.get("bug", ""), *PLANTED)))}
        given = Order(
            folder=self.folder, commands=tuple(tuple(line.split()) for line in lines), env=env, **order
        )
        return given, begin(given)

    def end(self, order: Order, process: ForkServerProcess) -> Ended:
        """Wait for a process that was begun."""
        ended = finish(order, process)
        self.sittings.append(ended)
        return ended

    def strike(self, *rules: Fault) -> None:
        """Let faults strike from now on: each has a `route`, and `fault` or the fault's own members."""
        self.organisation.sandbox.misbehave(
            FaultPlan.load({"seed": 1, "rules": [_rule(each) for each in rules]})
        )

    def calm(self) -> None:
        """No more faults."""
        self.organisation.sandbox.misbehave(None)

    def rows(self, query: str, *values: Any, journal: Path = JOURNAL) -> list[tuple[Any, ...]]:
        """What the journal answers."""
        with closing(sqlite3.connect(f"file:{self.folder / journal}?mode=ro", uri=True)) as database:
            return database.execute(query, values).fetchall()

    def concluded(self) -> Iterator[str]:
        """Go on to the end as after any trial, repeat, take back: the invariants that are broken."""
        begun = runs(self.folder / JOURNAL)
        first = ("resume", begun[-1].id) if begun else RUN
        self._live(first, REPORT, RUN, REPORT, RUN, REPORT)
        sandbox = self.organisation.sandbox
        finished = sandbox.snapshot()
        self.organisation.neighbour.share = 0.0  # nothing comes between an undo's read and its delete
        listed = [run.id for run in reversed(runs(self.folder / JOURNAL))]
        undone = self._live(*[("undo", each) for each in (*listed, *listed)])
        self.sittings.remove(undone)
        yield from violations(self._evidence(finished, undone), self._expected_of_all())

    def completed(self) -> Iterator[str]:
        """Go on to the end, no further: what differs from an undisturbed run."""
        begun = runs(self.folder / JOURNAL)
        ended = self._live(("resume", begun[-1].id) if begun else RUN)
        if not ended.done or ended.done[0].code not in DONE_CODES:
            yield f"the run cannot be completed: {tail(ended)}"
            return
        yield from self.differences()

    def differences(self) -> Iterator[str]:
        """What the latest run and the organisation hold that an undisturbed run does not leave."""
        wanted = self.expected()
        if states := {state: count for state, count in self.latest.states.items() if state in OPEN and count}:
            yield f"the run still has {states}"
        gone = {chat.id for chat in self.organisation.sandbox.state.chats.values() if chat.gone}
        for conversation, held in self.values.items():
            if conversation not in gone and not same(held, wanted.values.get(conversation, {})):
                yield f"{conversation} holds {held} instead of {dict(wanted.values[conversation])}"

    def _expected_of_all(self) -> Expected:
        """What was deleted by now is in no listing of a later run."""
        listed = len(self.organisation.sandbox.state.listed())
        return replace(self.expected(), states={"listed": listed})

    def expected(self) -> Expected:
        """What an undisturbed run does here."""
        return expected(Script(writer=self.organisation.writer))

    def _live(self, *commands: Sequence[str]) -> Ended:
        return self.earmark(*(" ".join(command) for command in commands))

    def _evidence(self, finished: Mapping[str, Any], undone: Ended) -> Evidence:
        sandbox = self.organisation.sandbox
        stats = sandbox.stats()
        return Evidence(
            script=Script(writer=self.organisation.writer),
            store=self.organisation.store,
            conversations=self.conversations,
            gone=frozenset(chat.id for chat in sandbox.state.chats.values() if chat.gone),
            initial=self.organisation.initial,
            finished=finished,
            edited=finished,
            undone=sandbox.snapshot(),
            writes=tuple(self.organisation.writes),
            sittings=tuple(_unsignalled(ended) for ended in self.sittings),
            undos=(undone,),
            overtaken=frozenset(),
            requests=sum(stats["requests"].values()),
            struck=sum(stats["faults"].values()),
            windows=tuple(stats["windows"]),
            rate_limit=sandbox.state.gate.rate_limit,
            folder=self.folder,
        )


@contextmanager
def staged(folder: Path, writer: str = "custom_attributes", **options: Any) -> Iterator[Stage]:
    """A stage in an empty folder; options are those of Organisation and of its sandbox."""
    furnish(folder)
    organisation = Organisation(writer, **options)
    try:
        yield Stage(folder, organisation)
    finally:
        organisation.close()


def _unsignalled(ended: Ended) -> Ended:
    """Commands that a signal stopped are judged by the row that sent it."""
    return replace(ended, done=tuple(done for done in ended.done if done.code < 128))


def same(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Equal, an absent key and an empty value being the same."""
    return all((held.get(key) or None) == (wanted.get(key) or None) for key in {*held, *wanted})


def tail(ended: Ended) -> str:
    """How a process ended, in its own words."""
    told = ended.done[-1].err.strip() if ended.done else "no command came to its end"
    return f"exit {ended.done[-1].code if ended.done else ended.code}, {told[-300:]}"


def ended_badly(done: Done, code: int, *words: str) -> Iterator[str]:
    """Another exit code than is right, a traceback, or words that the message lacks."""
    said = f"{done.out}\n{done.err}"
    if done.code != code:
        yield f"`{' '.join(done.command)}` exits with {done.code} instead of {code}: {done.err.strip()[-300:]}"
    if "Traceback" in said:
        yield f"`{' '.join(done.command)}` ends in a traceback: {done.err.strip()[-300:]}"
    yield from (
        f"`{' '.join(done.command)}` does not say {word!r}: {said.strip()[-300:]}"
        for word in words
        if word not in said
    )


def _rule(given: Fault) -> Fault:
    """A rule of a fault plan; what is no member of a rule is one of its fault."""
    of_rule = {name: given[name] for name in given if name in RULE_MEMBERS}
    return of_rule | {"fault": {name: value for name, value in given.items() if name not in RULE_MEMBERS}}
