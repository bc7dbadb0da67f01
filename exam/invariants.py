"""The promises, as checks over what was seen of a trial. Each yields a line a violation, nothing when it is kept.

I1 nothing lost · I2 nothing doubled · I3 others untouched · I4 undo exact and conditional · I5 bounded ·
I6 silent on secrets and personal data · I7 honest exit code and last line
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.sandbox import Sandbox, Write
from exam.conversations import CANARIES
from exam.order import Done, Ended, Run
from exam.organisation import is_ours
from exam.process import JOURNAL
from exam.trial import Evidence, maps, ours

SETTLED = {"written", "unchanged", "failed", "conflict", "gone", "skipped"}
OPEN = {"listed", "pending", "intended"}
TROUBLED = {"skipped", "failed", "conflict", "gone"}
DONE_CODES = {0, 3}
REPEATS = 6
"""Requests that one fault may cost at most: the repetitions of a read, or a read-back and a renewed write."""

LARGEST_PROCESS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Expected:
    """What an undisturbed job does: our keys by conversation, states, and the requests it takes."""

    values: Mapping[str, Mapping[str, Any]]
    states: Mapping[str, int]
    requests: int


def violations(evidence: Evidence, expected: Expected) -> list[str]:
    """All broken promises of a trial, each with the number of its invariant in front."""
    checks: dict[str, Iterator[str]] = {
        "I1": nothing_lost(evidence, expected),
        "I2": nothing_doubled(evidence),
        "I3": others_untouched(evidence),
        "I4": undo_exact(evidence),
        "I5": bounded(evidence, expected),
        "I6": silent(evidence),
        "I7": honest(evidence),
    }
    return [f"{name} {told}" for name, found in checks.items() for told in found]


def nothing_lost(evidence: Evidence, expected: Expected) -> Iterator[str]:
    """Every conversation is settled and holds what an undisturbed run gives it."""
    finish = evidence.sittings[-1]
    if not finish.done or finish.code != 0:
        yield f"the last sitting did not end by itself: {finish.code}, {_tail(finish)}"
        return
    last = finish.done[-1].runs[-1]
    total = sum(expected.states.values())
    if sum(last.states.values()) != total:
        yield f"{sum(last.states.values())} of {total} conversations are in the journal"
    for run in finish.done[-1].runs:
        if left := {state: n for state, n in run.states.items() if state in OPEN and n}:
            yield f"run {run.id} still has {left}"
    if unsettled := {s: n for s, n in last.states.items() if s not in {"written", "unchanged", "gone"} and n}:
        yield f"without any fault the last run ends with {unsettled}"
    for conversation in evidence.conversations:
        if conversation in evidence.gone:
            continue
        found = ours(evidence.finished, evidence.store, conversation)
        if not _same(found, expected.values.get(conversation, {})):
            yield f"{conversation} holds {found} instead of {dict(expected.values.get(conversation, {}))}"


def nothing_doubled(evidence: Evidence) -> Iterator[str]:
    """A run changes a conversation at most once, and a run after it changes nothing and reports the same."""
    changed = Counter(
        (write.conversation, run) for write, run in zip(*_our_changes(evidence), strict=True) if run
    )
    for (conversation, run), times in changed.items():
        if times > 1:
            yield f"run {run} changed {conversation} {times} times"
    finish = evidence.sittings[-1].done
    repeated = [done for done in finish if done.verb == "run"]
    if len(repeated) > 1:
        again = [w for w in evidence.writes if _by_us(w) and repeated[-1].began <= w.at <= repeated[-1].ended]
        if again:
            yield f"a second run sent {len(again)} writes"
    shown = [_counted(done.out) for done in finish if done.verb == "report" and done.code == 0]
    if len(shown) > 2 and shown[-1] != shown[-2]:
        yield "the report of a second run differs"
    for done in finish:
        if done.verb == "report" and done.code == 0:
            yield from _miscounted(done, evidence.folder / JOURNAL)


def others_untouched(evidence: Evidence) -> Iterator[str]:
    """Whatever is not ours is, at every moment, what others made it: keys, records, divisions, schemas."""
    if [write for write in evidence.writes if _by_us(write) and write.store == "schemas"]:
        yield "the schema was changed"
    theirs = _Theirs(evidence)
    for write in evidence.writes:
        yield from theirs.follow(write)
    for name, snapshot in (("at the end", evidence.undone),):
        for conversation in evidence.conversations:
            if conversation in evidence.gone:
                continue
            found = _foreign(maps(snapshot, evidence.store, conversation))
            wanted = theirs.of(conversation)
            if found != wanted:
                yield f"{name} {conversation} holds {found} of others, who left {wanted}"
    if evidence.store == "custom_attributes":
        yield from _divisions(evidence)
    for store in evidence.initial:
        if store != evidence.store and evidence.undone[store] != evidence.initial[store]:
            yield f"the store {store} was changed"


def undo_exact(evidence: Evidence) -> Iterator[str]:
    """After the undo our keys are as before the first run, but for what others made of them since."""
    last = evidence.undos[-1]
    if last.code != 0:
        yield f"the undo did not end by itself: {last.code}, {_tail(last)}"
        return
    for conversation in evidence.conversations:
        if conversation in evidence.gone:
            continue
        found = ours(evidence.undone, evidence.store, conversation)
        wanted = dict(ours(evidence.initial, evidence.store, conversation))
        for key in (each.partition("/")[2] for each in evidence.overtaken if each.startswith(conversation)):
            wanted[key] = ours(evidence.edited, evidence.store, conversation).get(key)
        if not _same(found, wanted):
            yield f"{conversation} holds {found} after the undo instead of {wanted}"
    half = len(last.done) // 2
    for done in last.done[half:]:
        again = [w for w in evidence.writes if _by_us(w) and done.began <= w.at <= done.ended]
        if again:
            yield f"a second undo of {done.command[1]} sent {len(again)} writes"


def bounded(evidence: Evidence, expected: Expected) -> Iterator[str]:
    """Requests, their rate, time and memory stay within what was promised."""
    sittings = len(evidence.sittings) + 2 + (len(evidence.undos) + 2) * len(evidence.sittings[-1].done)
    allowed = 1.1 * expected.requests * sittings + REPEATS * evidence.struck
    if evidence.requests > allowed:
        yield f"{evidence.requests} requests where {allowed:.0f} are allowed"
    if above := [count for count in evidence.windows if count > evidence.rate_limit]:
        yield f"{above} requests in a minute that allows {evidence.rate_limit}"
    for ended in (*evidence.sittings, *evidence.undos):
        if ended.hung:
            yield f"a sitting did not end in {ended.seconds:.0f} s"
        if ended.largest > LARGEST_PROCESS:
            yield f"a sitting took {ended.largest / 1e6:.0f} MB"


def silent(evidence: Evidence) -> Iterator[str]:
    """No secret, no token and nothing personal in files, output, or attributes."""
    secrets = (Sandbox.client_secret, *CANARIES)
    for path in sorted(evidence.folder.rglob("*")):
        if path.is_file() and path.name != "chats.jsonl":
            held = path.read_bytes()
            yield from (f"{path.name} holds {_named(s)}" for s in secrets if s.encode() in held)
    for write in evidence.writes:
        held = json.dumps(dict(write.attributes)).encode()
        if _by_us(write):
            yield from (
                f"an attribute of {write.conversation} holds {_named(s)}"
                for s in secrets
                if s.encode() in held
            )


def honest(evidence: Evidence) -> Iterator[str]:
    """Exit code and last line say what the journal says; no traceback; every failure has a reason."""
    for done in evidence.done:
        if "Traceback" in done.err or "Traceback" in done.out:
            yield f"`{' '.join(done.command)}` ended in a traceback: {done.err.strip().splitlines()[-1][:200]}"
        if done.verb in {"run", "resume", "rethreshold"}:
            yield from _misreported(done)
    with closing(sqlite3.connect(evidence.folder / JOURNAL)) as database:
        silent_rows = (
            "SELECT conversation_id FROM items WHERE state IN ('failed','conflict','gone') AND reason IS NULL"
        )
        yield from (f"{row[0]} failed without a reason" for row in database.execute(silent_rows))


def _misreported(done: Done) -> Iterator[str]:
    told = {
        state: int(count) for count, state in re.findall(r"(\d+) ([a-z]+)", done.last_line.partition(";")[0])
    }
    if done.code in DONE_CODES or (done.code == 75 and "not finished" in done.last_line):
        run = _meant(done)
        states = {state: count for state, count in run.states.items() if count}
        named = {state: told[state] for state in told if state in SETTLED | OPEN}
        if named != states:
            yield f"`{done.verb}` says {named} where the journal has {states}"
        wanted = 75 if OPEN & states.keys() else 3 if TROUBLED & states.keys() else 0
        if done.code != wanted:
            yield f"`{done.verb}` exits with {done.code} where the journal means {wanted}"
    elif done.code in {1, 2, 75} and "error:" not in done.err:
        yield f"`{done.verb}` exits with {done.code} without a word"
    elif done.code not in {1, 2, 75}:
        yield f"`{done.verb}` exits with {done.code}"


def _meant(done: Done) -> Run:
    """The run that a command was about."""
    if done.verb == "resume":
        return next(run for run in done.runs if run.id == done.command[1])
    return done.runs[-1]


def _our_changes(evidence: Evidence) -> tuple[list[Write], list[str]]:
    """Our writes that changed a value, and the run (or undo) in whose sitting each came."""
    held: dict[tuple[str, str, str], dict[str, Any]] = {}
    for conversation in evidence.conversations:
        for record, values in maps(evidence.initial, evidence.store, conversation).items():
            held[evidence.store, conversation, record] = dict(values)
    changes: list[Write] = []
    for write in evidence.writes:
        place = (write.store, write.conversation, write.record)
        before = held.get(place, {})
        after = {} if write.action == "delete" else before | dict(write.attributes)
        if write.action == "put":
            after = dict(write.attributes)
        held[place] = after
        if _by_us(write) and not _same(_only_ours(before), _only_ours(after)):
            changes.append(write)
    return changes, [_run_of(evidence, write) for write in changes]


def _run_of(evidence: Evidence, write: Write) -> str:
    """The run that a write belongs to, "" for an undo; of a killed sitting, the run that is resumed after it."""
    for done in evidence.done:
        if done.began <= write.at <= done.ended:
            return "" if done.verb == "undo" else _meant(done).id
    ends = [done.ended for sitting in evidence.sittings for done in sitting.done]
    if not ends or write.at > max(ends):
        return ""
    return _meant(evidence.sittings[-1].done[0]).id


class _Theirs:
    """What others have made of their keys, followed through the log."""

    def __init__(self, evidence: Evidence) -> None:
        self.store = evidence.store
        self.held: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        for conversation in evidence.conversations:
            for record, values in maps(evidence.initial, evidence.store, conversation).items():
                self.held[conversation][record] = _only_theirs(values)

    def follow(self, write: Write) -> Iterator[str]:
        if write.store != self.store:
            return
        theirs = self.held[write.conversation].setdefault(write.record, {})
        carried = _only_theirs(write.attributes)
        if not _by_us(write):
            self.held[write.conversation][write.record] = (
                carried if write.action == "put" else theirs | carried
            )
            return
        if write.action == "delete":
            if theirs:
                yield f"a record of {write.conversation} was deleted with {theirs} in it"
            del self.held[write.conversation][write.record]
        elif carried and carried != theirs and write.action == "patch":
            yield f"a patch of {write.conversation} carried {carried}"
        elif write.action == "put" and carried != theirs:
            yield f"a write to {write.conversation} made {carried} of {theirs}"
            self.held[write.conversation][write.record] = carried

    def of(self, conversation: str) -> dict[str, dict[str, Any]]:
        return {record: values for record, values in self.held[conversation].items() if values}


def _divisions(evidence: Evidence) -> Iterator[str]:
    """Every record has the divisions that others gave it."""
    given: dict[tuple[str, str], tuple[str, ...]] = {
        (conversation, record): tuple(entry["divisions"])
        for conversation, records in evidence.initial["custom_attributes"].items()
        for record, entry in records.items()
    }
    for write in evidence.writes:
        place = (write.conversation, write.record)
        if write.store != "custom_attributes":
            continue
        if write.action == "delete":
            given.pop(place, None)
        elif not _by_us(write):
            given[place] = write.divisions
        elif given.setdefault(place, ()) != write.divisions:
            yield f"a write to {write.conversation} made divisions {write.divisions} of {given[place]}"
            given[place] = write.divisions


_KEPT = """
    SELECT label, canonical_id, count(DISTINCT conversation_id) FROM entities JOIN items USING (run_id, conversation_id)
    WHERE run_id = ? AND verdict = 'keep' AND state IN ('written', 'unchanged', 'planned', 'intended', 'conflict')
    GROUP BY 1, 2
"""


def _miscounted(done: Done, journal: Path) -> Iterator[str]:
    """The report's counts are those of distinct conversations in the journal."""
    told = json.loads(done.out)
    with closing(sqlite3.connect(journal)) as database:
        rows = database.execute(_KEPT, [told["run"]["id"]]).fetchall()
    wanted = {f"{label}/{canonical_id}": count for label, canonical_id, count in rows}
    found = {f"{each['label']}/{each['id']}": each["conversations"] for each in told["entities"]}
    if found != wanted:
        yield f"the report counts {found} where the journal has {wanted}"


def _counted(out: str) -> Any:
    """A report without what differs between two runs: the run itself."""
    told = json.loads(out)
    return {name: value for name, value in told.items() if name not in {"run", "states"}}


def _foreign(held: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {record: _only_theirs(values) for record, values in held.items()}
    return {record: values for record, values in found.items() if values}


def _only_theirs(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if not is_ours(key)}


def _only_ours(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if is_ours(key)}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Equal, an absent key and an empty value being the same."""
    return all((one.get(key) or None) == (other.get(key) or None) for key in {*one, *other})


def _by_us(write: Write) -> bool:
    return write.who != "other"


def _named(secret: str) -> str:
    return "the client secret" if secret == Sandbox.client_secret else f"the canary {secret[:12]!r}"


def _tail(ended: Ended) -> str:
    return ended.done[-1].last_line if ended.done else "no command ended"
