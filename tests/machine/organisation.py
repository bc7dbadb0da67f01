"""A sandbox that is hostile on cue: faults, second writers and deaths, one word a request, and a trail of it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from earmark.attributes import same
from earmark.model import Json
from earmark.sandbox import FaultPlan, Sandbox
from earmark.sandbox.faults import Fault

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FAULTS: Mapping[str, Fault] = {
    "lost": Fault("reset_before"),
    "silent": Fault("reset_after"),
    "busy": Fault("status", status=503),
    "busy though done": Fault("status", status=503, applied=True),
    "html": Fault("html"),
    "cut off": Fault("truncate"),
    "refused": Fault("status", status=400),
    "stale": Fault("status", status=409),
    "throttled": Fault("status", status=429, retry_after=0),
    "denied": Fault("status", status=403),
}
DEATHS = {"dies before it": Fault("reset_before"), "dies after it": Fault("reset_after")}
THEIR_ACTS = ("their key", "their record", "divisions")
ACTS_ON_OURS = ("our key", "our key gone", "record gone")
WRITES = frozenset(
    {"customattributes.put", "customattributes.delete", "participants.patch", "interactions.patch"}
)


@dataclass(slots=True)
class Life:
    """Of one process: it ends at the n-th transaction of its journal, just before or just after the commit."""

    transactions: int | None = None
    committed: bool = False
    alive: bool = True

    def count(self) -> bool:
        """Whether the transaction that begins now is the last."""
        if self.transactions is None:
            return False
        self.transactions -= 1
        return self.transactions <= 0


@dataclass(frozen=True, slots=True)
class Script:
    """What a process meets: a word a request, apart for those that look and those that write."""

    looks: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """What the service holds for one conversation: our keys, others' beside them, others' records."""

    exists: bool = False
    ours: Mapping[str, Json] = field(default_factory=dict)
    beside: Mapping[str, Json] = field(default_factory=dict)
    elsewhere: Mapping[str, Any] = field(default_factory=dict)
    divisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """A state of a conversation and who brought it about: `run` or `undo` of a run, or the others."""

    held: Held
    verb: str
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a writer writes: its store in the sandbox, our keys there, and what the service is capable of."""

    store: str
    keys: tuple[str, ...]
    versioned: bool = False
    deletes: bool = False
    record_of: Callable[[str], str] = str

    def held(self, snapshot: Mapping[str, Any], conversation: str) -> Held:
        if self.store == "custom_attributes":
            return self._record(dict(snapshot[self.store].get(conversation, {})), conversation)
        found = snapshot[self.store].get(conversation)
        maps = list(found.values()) if self.store == "participants" and found else [found or {}]
        return Held(found is not None, *self._parted(maps[0]))

    def _record(self, records: dict[str, Any], conversation: str) -> Held:
        own = records.pop(self.record_of(conversation), None)
        if own is None:
            return Held(elsewhere=records)
        return Held(True, *self._parted(own["customAttributes"]), records, tuple(own["divisions"]))

    def _parted(self, values: Mapping[str, Json]) -> tuple[dict[str, Json], dict[str, Json]]:
        ours = {key: value for key, value in values.items() if key in self.keys}
        return ours, {key: value for key, value in values.items() if key not in self.keys}


class Organisation(FaultPlan):
    """The sandbox's fault plan, written as it goes.

    A script holds a word for each of the coming requests. `intent` tells what a run has durably intended for a
    conversation: it is asked at the moment a write arrives. `violations` collects what must not happen.
    """

    def __init__(self, chats: int) -> None:
        super().__init__()
        seeds = [{"id": f"c{n}", "messages": [{"sender": "customer", "text": "x"}]} for n in range(chats)]
        settings: dict[str, Any] = {"today": date(2026, 3, 2), "rate_limit": 10**6, "clock": NOW.timestamp}
        self.sandbox = Sandbox(seeds, faults=self, **settings)
        self.ids = list(self.sandbox.state.chats)
        self._looks: Iterator[str] = iter(())
        self._writes: Iterator[str] = iter(())
        self.violations: list[str] = []
        self.trail: dict[str, list[Moment]] = {}
        self.intent: Callable[[str], Mapping[str, Any] | None] = lambda _conversation: None
        self.doing: Callable[[], tuple[str, str]] = lambda: ("", "")
        self.writes_asked = 0
        self._life = Life()
        self._values = 0
        self._logged = 0
        self._intended: dict[str, Mapping[str, Any]] = {}
        self.place = Place("", ("", ""))

    def watch(self, place: Place) -> None:
        """From here on, this is where we write."""
        self.place = place
        snapshot = self.sandbox.snapshot()
        self.trail = {each: [Moment(place.held(snapshot, each), "")] for each in self.ids}
        self._logged = self._log()

    def begin(self, life: Life, script: Script) -> None:
        """A process has started; its requests meet this script."""
        self._life, self._intended = life, {}
        self._looks, self._writes = iter(script.looks), iter(script.writes)

    def next(self, route: str, method: str, conversation: str) -> Fault | None:
        if route == "token" or not self.trail:
            return None
        if not self._life.alive:
            return FAULTS["lost"]  # a dead process sends nothing
        self.observe()
        if route in WRITES:
            self._note_write(conversation)
        word = next(self._writes if route in WRITES else self._looks, "ok")
        if word in DEATHS:
            self._life.alive = False
            return DEATHS[word]
        if word in FAULTS:
            return FAULTS[word]
        self.act(word, conversation or self.ids[0], unseen=True)
        return None

    def act(self, what: str, conversation: str, *, unseen: bool = False) -> None:
        """Somebody else does something; `unseen` is between a look of ours and the next."""
        if unseen and what in ACTS_ON_OURS and not self.place.versioned:
            return  # without versions nobody can see it, and the last writer wins
        with self.sandbox.state.lock:
            if what == "deleted":
                self.sandbox.delete_conversation(conversation)
            elif not self.sandbox.state.chats[conversation].gone:
                self._act(what, conversation)
            self.observe("others")

    def observe(self, verb: str = "") -> None:
        """Note what has changed since the last look; what others did not do was us."""
        with self.sandbox.state.lock:
            snapshot = self.sandbox.snapshot()
            logged = self._log()
            for conversation, moments in self.trail.items():
                held = self.place.held(snapshot, conversation)
                if held == moments[-1].held:
                    continue
                moment = Moment(held, verb, "") if verb else Moment(held, *self.doing())
                if not verb:
                    logged -= 1
                    self._judge(conversation, moments[-1].held, moment)
                moments.append(moment)
            if not verb and logged > self._logged:
                self.violations.append("a write was applied that changed nothing")
            self._logged = self._log()

    def _log(self) -> int:
        """How many writes of ours were applied."""
        return sum(write.who == self.sandbox.client_id for write in self.sandbox.state.writes)

    def _note_write(self, conversation: str) -> None:
        self.writes_asked += 1
        found = self.intent(conversation)
        if found is None:
            self.violations.append("a write was sent without a durable intent")
        else:
            self._intended[conversation] = found

    def _judge(self, conversation: str, was: Held, now: Moment) -> None:
        """What a write of ours may do, and nothing else."""
        intended = self._intended.get(conversation)
        if self.sandbox.state.chats[conversation].gone or intended is None:
            self.violations.append("something was written that nobody intended")
            return
        held = now.held
        if held.elsewhere != was.elsewhere or held.beside != was.beside:
            self.violations.append("a write touched what is others'")
        if held.divisions != was.divisions:
            self.violations.append("a write changed the divisions")
        if was.exists and not held.exists:
            self.violations.append("a record was deleted")
        if now.verb == "run" and held.ours != intended["after"]:
            self.violations.append("something else was written than was intended")
        if now.verb == "run" and not same(was.ours, intended["before"]):
            self.violations.append("a write replaced what is not its pre-image")
        if now.verb == "undo":
            self._judge_undo(was, held, intended)

    def _judge_undo(self, was: Held, held: Held, intended: Mapping[str, Any]) -> None:
        before, after = intended["before"], intended["after"]
        for key in was.ours.keys() | held.ours.keys():
            if was.ours.get(key) == held.ours.get(key) and (key in was.ours) == (key in held.ours):
                continue
            if (was.ours.get(key) or None) != (after.get(key) or None):
                self.violations.append("an undo replaced what we did not write")
            if (held.ours.get(key) or None) != (before.get(key) or None):
                self.violations.append("an undo restored something else than the pre-image")
            if self.place.deletes and (key in held.ours) != (key in before):
                self.violations.append("an undo left a key that was not there")

    def _act(self, what: str, conversation: str) -> None:
        value: Json = (
            f"v{self._values % 3}" if self.place.store == "participants" else [f"v{self._values % 3}"]
        )
        self._values += 1
        where: dict[str, Any] = {"store": self.place.store}
        if self.place.store == "custom_attributes":
            where["record"] = self.place.record_of(conversation)
        there = self.trail[conversation][-1].held.exists or self.place.store != "custom_attributes"
        match what:
            case "their record" if self.place.store == "custom_attributes":
                self.sandbox.edit_as_other(conversation, {"grade_text": str(self._values)})
            case "their key" if there:
                self.sandbox.edit_as_other(conversation, {"note_tag": value}, **where)
            case "our key" if there:
                self.sandbox.edit_as_other(conversation, {self.place.keys[0]: value}, **where)
            case "divisions" if there and self.place.versioned:
                self.sandbox.edit_as_other(conversation, {}, divisions=[f"d{self._values % 3}"], **where)
            case "our key gone" if there and self.place.versioned:
                record = self.sandbox.state.records.get(conversation, where["record"])
                record.attributes.pop(self.place.keys[0], None)
                record.touch({}, NOW.timestamp())
            case "record gone" if there and self.place.versioned:
                self.sandbox.state.records.delete(conversation, where["record"])
