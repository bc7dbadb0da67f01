"""A scene: an organisation, a folder, commands that are carried out, and the promises that hold afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from earmark.sandbox import FaultPlan
from earmark.sandbox.chats import conversation_id
from earmark.sandbox.state import Asked
from exam import invariants
from exam.conversations import furnish, seeds
from exam.invariants import OPEN, Expected
from exam.network.altered import ALTER, AS_IT_IS, Alteration, Hurried
from exam.order import Done, Ended, Order
from exam.organisation import Organisation
from exam.process import JOURNAL, carry_out, environment, runs
from exam.trial import RUN, Evidence, Script, ours

Rule = Mapping[str, Any]
WRITERS = ("custom_attributes", "participant_data", "interactions")
TEXTS = ("recordings", "batch", "messages", "transcripts")
WHEN = ("after", "times", "every", "probability", "method")
PLANTED: list[str] = []
"""A bug of `exam.planted`, while it is to be seen whether the rows find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The roads that a run takes: where it writes, how it lists, where the texts come from."""

    writer: str = "custom_attributes"
    text: str = "recordings"
    listing: str = "auto"

    def __str__(self) -> str:
        return "/".join((self.writer, self.text, self.listing))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a scene begins with. `options` are the sandbox's, `variables` go over those of the organisation."""

    way: Way = Way()
    rules: Sequence[Rule] = ()
    alteration: Alteration = AS_IT_IS
    share: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Scene:
    """Commands and their traces. What is done in it is remembered as evidence."""

    folder: Path
    setting: Setting
    organisation: Organisation
    clock: Hurried
    ended: list[Ended] = field(default_factory=list)

    def earmark(self, *commands: tuple[str, ...], patience: float = 60.0) -> Ended:
        """Carry commands out in a process of their own."""
        way = self.setting.way
        roads = {"EARMARK_TEXT": way.text, "EARMARK_LISTING": way.listing, "EARMARK_WORKERS": "8"}
        alteration = replace(self.setting.alteration, bug=PLANTED[-1] if PLANTED else "")
        variables = {**self.organisation.variables, **roads, **self.setting.variables, **alteration.variables}
        order = Order(
            folder=self.folder,
            commands=commands or (RUN,),
            env=environment(self.folder, variables),
            bug=ALTER,
            patience=patience,
        )
        self.ended.append(carry_out(order))
        return self.ended[-1]

    def run(self) -> Done:
        """One `earmark run` and how it ended.

        Raises:
            RuntimeError: It did not come to an end.
        """
        ended = self.earmark(RUN)
        if not ended.done:
            raise RuntimeError(
                "the run was still there after a minute" if ended.hung else f"code {ended.code}"
            )
        return ended.done[-1]

    def misbehave(self, *rules: Rule) -> None:
        self.organisation.sandbox.misbehave(plan(rules))

    def asked(self, route: str = "") -> list[Asked]:
        """The requests of the examined processes, those of one route."""
        return [each for each in self.organisation.sandbox.asked() if route in {"", each.route}]

    def evidence(self) -> Evidence:
        """What was seen so far, as the invariants want it; there has been no undo."""
        sandbox = self.organisation.sandbox
        snapshot, stats = sandbox.snapshot(), sandbox.stats()
        chats = sandbox.state.chats
        return Evidence(
            script=Script(writer=self.setting.way.writer),
            store=self.organisation.store,
            conversations=tuple(chats),
            gone=frozenset(chat.id for chat in chats.values() if chat.gone),
            initial=self.organisation.initial,
            finished=snapshot,
            edited=snapshot,
            undone=snapshot,
            writes=tuple(replace(w, at=self.clock.true(w.at)) for w in self.organisation.writes),
            sittings=tuple(self.ended),
            undos=(),
            overtaken=frozenset(),
            requests=sum(stats["requests"].values()),
            struck=sum(stats["faults"].values()),
            windows=tuple(stats["windows"]),
            rate_limit=sandbox.state.gate.rate_limit,
            folder=self.folder,
        )

    def settled(self, wanted: Expected) -> Iterator[str]:
        """Without faults what was left open is finished, a further run is right, and one more sends nothing."""
        self.misbehave()
        left = [run.id for run in runs(self.folder / JOURNAL) if any(run.states.get(state) for state in OPEN)]
        for done in self.earmark(*(("resume", each) for each in left), RUN, RUN).done:
            if done.code not in {0, 3}:
                yield f"without faults {done.verb} exits with {done.code}: {tail(done)}"
        yield from self.promises(wanted)

    def promises(self, wanted: Expected) -> Iterator[str]:
        """The invariants that concern every scene."""
        evidence = self.evidence()
        yield from (f"I1 {told}" for told in invariants.nothing_lost(evidence, wanted))
        yield from self.harmless(evidence)

    def harmless(self, evidence: Evidence | None = None) -> Iterator[str]:
        """The invariants that hold at any time, whether or not the work is done."""
        seen = evidence or self.evidence()
        yield from (f"I2 {told}" for told in invariants.nothing_doubled(seen))
        yield from (f"I3 {told}" for told in invariants.others_untouched(seen))
        yield from (f"I6 {told}" for told in invariants.silent(seen))
        yield from (f"I7 {told}" for told in invariants.honest(seen))


@dataclass
class After:
    """For a sandbox's `answered`: does something once, after so many answers of a route that have a body."""

    route: str
    times: int = 1
    act: Callable[[], Any] | None = None

    def __call__(self, route: str, body: bytes) -> None:
        if route == self.route and body:
            self.times -= 1
            if self.times == 0 and self.act:
                self.act()


@contextmanager
def scene(folder: Path, setting: Setting) -> Iterator[Scene]:
    """An organisation with what a setting says, and a folder inside of `folder`; both end with the block."""
    place = Path(tempfile.mkdtemp(prefix="scene-", dir=folder))
    furnish(place)
    clock = Hurried(setting.alteration.speed)
    options: dict[str, Any] = {"conversations": there(setting.way), "clock": clock} | dict(setting.options)
    organisation = Organisation(setting.way.writer, share=setting.share, **options)
    organisation.sandbox.misbehave(plan(setting.rules))
    try:
        yield Scene(place, setting, organisation, clock)
    finally:
        organisation.close()


def there(way: Way) -> list[dict[str, Any]]:
    """The conversations; where the text comes from analytics, one that is gone looks as if it were not ready."""
    found = seeds()
    return [seed for seed in found if way.text != "transcripts" or not seed.get("sandbox", {}).get("gone")]


def ready() -> list[dict[str, Any]]:
    """The conversations, their texts ready at once: at the true pace, one that is not would cost ten seconds."""
    return [
        seed
        | {"sandbox": {name: value for name, value in seed.get("sandbox", {}).items() if name != "not_ready"}}
        for seed in seeds()
    ]


def plan(rules: Sequence[Rule]) -> FaultPlan:
    return FaultPlan.load({"seed": 5, "rules": [dict(rule) for rule in rules]})


def rule(route: str, kind: str, **more: Any) -> Rule:
    """A rule: what says when it strikes is told apart from what the fault is."""
    when: dict[str, Any] = {name: more.pop(name) for name in WHEN if name in more}
    if "conversation" in more:
        when["conversation"] = conversation_id(more.pop("conversation"))
    return {"route": route, **when, "fault": {"kind": kind, **more}}


@cache
def wanted(way: Way) -> Expected:
    """What a run on these roads comes to when nothing goes wrong."""
    with tempfile.TemporaryDirectory(prefix="exam-") as place, scene(Path(place), Setting(way=way)) as calm:
        done = calm.run()
        snapshot = calm.organisation.sandbox.snapshot()
        values = {
            each: ours(snapshot, calm.organisation.store, each)
            for each in calm.organisation.sandbox.state.chats
        }
        if done.code not in {0, 3} or not any(any(each.values()) for each in values.values()):
            raise RuntimeError(f"an undisturbed run over {way} ends with {done.code}: {done.err}")
        return Expected(values=values, states=dict(done.runs[-1].states), requests=len(calm.asked()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A run under faults: its exit codes, and words of its last lines, that are right."""

    told: str
    setting: Setting
    codes: frozenset[int] = frozenset({0, 3})
    words: str = ""


def tried(folder: Path, *cases: Case) -> Iterator[str]:
    """Run under each case's faults, look at how it ends, and see that all is right once they are over."""
    for case in cases:
        with scene(folder, case.setting) as tried_:
            yield from (f"{case.told}: {told}" for told in _tried(tried_, case))


def _tried(on: Scene, case: Case) -> Iterator[str]:
    done = on.run()
    if case.setting.rules and not on.organisation.sandbox.stats()["faults"]:
        yield "no fault struck: the case shows nothing"
    if done.code not in case.codes:
        yield f"exits with {done.code}: {tail(done)}"
    if case.words not in " ".join(done.err.split()):
        yield f"does not say {case.words!r}: {tail(done)}"
    yield from on.settled(wanted(case.setting.way))


def tail(done: Done) -> str:
    """The end of what a command said on stderr."""
    return " / ".join(done.err.strip().splitlines()[-3:])[-400:]
