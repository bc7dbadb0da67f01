"""Rows 18 and 19: somebody else writes at the same moment, and answers about many have errors about some.

Earmark sends no bulk writes. What it asks for in bulk are the records (search), the messages of a conversation, and
batches of recordings; these are what row 19 spoils.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from exam.network.scene import WRITERS, Case, Rule, Scene, Setting, Way, rule, scene, tail, tried, wanted
from exam.process import JOURNAL
from exam.rows import Row
from exam.trial import ours

TRIES = 5
PARTS = ("partial", "null_items", "item_errors", "duplicates", "reorder")


def renamed(on: Scene) -> None:
    """Give the products other names, so that the next run has something to change."""
    catalog = on.folder / "catalog.csv"
    catalog.write_text(
        catalog.read_text().replace("Kestrel Kettle", "Kestrel Boiler").replace("Tidal Plan", "Tide Plan")
    )


def in_the_gap(folder: Path) -> Iterator[str]:
    """Before every write of ours somebody changes the conversation: what they wrote is still there afterwards."""
    yield from _crowded(folder, Way(), rule("customattributes.put", "other_writer", every=2, times=6))


def in_every_gap(folder: Path) -> Iterator[str]:
    """With every writer."""
    for writer in WRITERS:
        yield from _crowded(folder, Way(writer=writer))


def _crowded(folder: Path, way: Way, *rules: Rule) -> Iterator[str]:
    with scene(folder, Setting(way=way, share=1.0, rules=rules)) as on:
        for _ in range(2):
            done = on.run()
            if done.code not in {0, 3} or done.runs[-1].states.keys() & {"failed", "conflict"}:
                yield f"{way}: exits with {done.code}: {tail(done)}"
            renamed(on)
        if way.writer == "custom_attributes" and not [each for each in on.asked() if each.status == 409]:
            yield "there was no conflict: the case shows nothing"
        yield from (f"{way}: {line}" for line in on.harmless())


def always(folder: Path) -> Iterator[str]:
    """Somebody is always faster: five tries, then it is left alone and said so."""
    with scene(folder, Setting(rules=(rule("customattributes.put", "status", status=409),))) as on:
        done = on.run()
        left = done.runs[-1].states.get("conflict", 0) + done.runs[-1].states.get("failed", 0)
        if done.code != 3 or not left:
            yield f"exits with {done.code}: {tail(done)}"
        tries = Counter(each.conversation for each in on.asked("customattributes.put"))
        yield from (f"{n} tries of {each}" for each, n in tries.items() if n != TRIES)
        yield from on.settled(wanted(Way()))


def parts_of_a_search(folder: Path) -> Iterator[str]:
    """A search that answers for some of the records only, and a journal that was lost: others' keys stay."""
    yield from _searched(folder, "partial")


def parts_of_every_search(folder: Path) -> Iterator[str]:
    """All kinds."""
    for kind in PARTS[1:]:
        yield from _searched(folder, kind)


def _searched(folder: Path, kind: str) -> Iterator[str]:
    with scene(folder, Setting(share=1.0)) as on:
        on.run()
        _desk_notes(on)
        renamed(on)
        shutil.rmtree((on.folder / JOURNAL).parent)
        on.misbehave(rule("customattributes.search", kind))
        done = on.run()
        if done.code not in {0, 3}:
            yield f"{kind}: exits with {done.code}: {tail(done)}"
        yield from (f"{kind}: {line}" for line in on.harmless())


def _desk_notes(on: Scene) -> None:
    """Others add a key to every record of ours."""
    sandbox = on.organisation.sandbox
    for conversation, records in sandbox.snapshot()["custom_attributes"].items():
        for record, held in records.items():
            if (
                ours(sandbox.snapshot(), "custom_attributes", conversation)
                and "grade_text" not in held["customAttributes"]
            ):
                sandbox.edit_as_other(conversation, {"desk_note_text": "theirs"}, record=record)


def parts_of_texts(folder: Path) -> Iterator[str]:
    """Messages or recordings that an answer leaves out, or has an error for: that one conversation waits or fails."""
    yield from _texts(folder, "messages.bulk", PARTS[:1])
    yield from _texts(folder, "batch.status", ("item_errors",))


def parts_of_all_texts(folder: Path) -> Iterator[str]:
    """Every kind: what is missing, null, doubled, or in another order."""
    for route in ("messages.bulk", "batch.status"):
        yield from _texts(folder, route, PARTS)


def _texts(folder: Path, route: str, kinds: tuple[str, ...]) -> Iterator[str]:
    way = Way(text=route.partition(".")[0])
    for kind in kinds:
        setting = Setting(way=way, rules=(rule(route, kind),))
        yield from tried(folder, Case(told=f"{route} {kind}", setting=setting, codes=frozenset({0, 3, 75})))


ROWS = (
    Row(18, "a concurrent writer in the gap", "read again, both are kept", in_the_gap),
    Row(18, "a concurrent writer in every gap, every writer", "both are kept", in_every_gap, release=True),
    Row(18, "a conflict each time", "five tries, then left alone and said", always),
    Row(19, "a search that answers for some records", "others' keys are kept", parts_of_a_search),
    Row(
        19,
        "a search with errors, doubles, another order",
        "others' keys are kept",
        parts_of_every_search,
        release=True,
    ),
    Row(19, "bulk texts with errors for some", "item-wise: that one waits or fails", parts_of_texts),
    Row(19, "bulk texts with every kind of part", "the same", parts_of_all_texts, release=True),
)
