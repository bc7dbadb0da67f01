"""Decisions and current values become a change, and a change has an inverse. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from earmark.model import Change, Decision, Field, Json, Record, Verdict

SEPARATOR = "; "


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due for one conversation. `change` is None when the values are right already.

    `omitted` counts names that the field's limits left no room for.
    """

    change: Change | None
    omitted: int = 0


class Standing(StrEnum):
    """How a record stands to a change that may have been sent."""

    APPLIED = "applied"
    UNAPPLIED = "unapplied"
    OVERTAKEN = "applied, and changed by others since"
    CHANGED = "changed by others"


def plan(
    conversation_id: str, decisions: Iterable[Decision], fields: Mapping[str, Field], record: Record
) -> Plan:
    """Compare what should be written with what is there.

    Where nothing was found, or nothing that has room, nothing is written, unless our keys hold values from
    before: those are emptied.
    """
    kept = [decision for decision in decisions if decision.verdict is Verdict.KEEP]
    before = ours(record, fields)
    after: dict[str, Json] = {}
    omitted = 0
    for label, attribute in fields.items():
        names = distinct(d.entity.name for d in kept if d.entity.label == label)
        after[attribute.key], left_out = fit(names, attribute)
        omitted += left_out
    if before == after or (same(before, {}) and same(after, {})):
        return Plan(None, omitted)
    return Plan(Change(conversation_id, before, after, record), omitted)


def ours(record: Record, fields: Mapping[str, Field]) -> dict[str, Json]:
    """Our keys of a record, those that exist."""
    return {f.key: record.values[f.key] for f in fields.values() if f.key in record.values}


def distinct(names: Iterable[str]) -> list[str]:
    """Without repeats (case does not tell names apart), in the order given."""
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(name.casefold(), name)
    return list(seen.values())


def fit(names: Sequence[str], attribute: Field) -> tuple[Json, int]:
    """The value to write and how many names found no room. The surest come first; no name is ever cut."""
    if attribute.kind == "text":
        return _fit_text(names, attribute)
    short = [name for name in names if attribute.max_length is None or len(name) <= attribute.max_length]
    value = short if attribute.max_items is None else short[: attribute.max_items]
    return list(value), len(names) - len(value)


def _fit_text(names: Sequence[str], attribute: Field) -> tuple[str, int]:
    taken: list[str] = []
    for name in names:
        candidate = SEPARATOR.join([*taken, name.replace(SEPARATOR.strip(), ",")])
        if attribute.max_length is None or len(candidate) <= attribute.max_length:
            taken.append(name.replace(SEPARATOR.strip(), ","))
    return SEPARATOR.join(taken), len(names) - len(taken)


def standing(change: Change, record: Record) -> Standing:
    """Tell from the record whether a change was applied, is still due, or was overtaken by somebody else.

    A single new value of ours among others' says that it was applied: else it would stand there with no undo.
    """
    keys = change.before.keys() | change.after.keys()
    current = {key: record.values[key] for key in keys if key in record.values}
    if same(current, change.after):
        return Standing.APPLIED
    if same(current, change.before):
        return Standing.UNAPPLIED
    return Standing.OVERTAKEN if any(_arrived(change, current, key) for key in current) else Standing.CHANGED


def _arrived(change: Change, current: Mapping[str, Json], key: str) -> bool:
    now, wrote, had = (_held(side.get(key)) for side in (current, change.after, change.before))
    return now is not None and now == wrote and wrote != had


def same(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    """Equal, where an absent key and an empty value are the same: not every service can tell them apart."""
    return all(_held(one.get(key)) == _held(other.get(key)) for key in one.keys() | other.keys())


def _held(value: Json) -> Json:
    """The value, None where it is empty. 0 and false are values: somebody put them there."""
    return None if value in ("", [], {}) else value


def rebase(change: Change, record: Record) -> Change:
    """The same change on a record that was read again."""
    return Change(change.conversation_id, change.before, change.after, record, change.removes_record)


def inverse(
    change: Change, record: Record, *, created: bool, deletes_keys: bool = True, laid_over: bool = False
) -> tuple[Change | None, tuple[str, ...]]:
    """Take a change back, key by key, where the value is still the one that was written.

    Returns the change to apply (None when there is nothing left to take back) and the keys that somebody
    changed since, which stay as they are; where somebody has brought the value before back, in effect, there is
    nothing to do. `created` says that the record did not exist before the change; without `deletes_keys` a key
    that was absent is back when it is empty. Where a later run of ours is `laid_over` it, what is empty may be
    that run's doing: it counts as changed since.
    """
    restored: dict[str, Json] = {}
    current: dict[str, Json] = {}
    overtaken: list[str] = []
    for key in sorted(change.before.keys() | change.after.keys()):
        now, wrote, had = (_held(side.get(key)) for side in (record.values, change.after, change.before))
        in_place = (key in record.values) == (key in change.before)
        in_effect = not (deletes_keys if now == wrote else laid_over)
        if now == had and (in_place or in_effect):
            continue
        if now != wrote:
            overtaken.append(key)
            continue
        if key in record.values:
            current[key] = record.values[key]
        if key in change.before:
            restored[key] = change.before[key]
    if not current and not restored:
        return None, tuple(overtaken)
    others = record.values.keys() - current.keys()
    removes = created and record.exists and not others and not restored
    return Change(change.conversation_id, current, restored, record, removes), tuple(overtaken)
