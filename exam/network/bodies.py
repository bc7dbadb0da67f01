"""Rows 9 and 10: answers that are cut off, or are no JSON as it was promised. None of them means "nothing there"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from exam.network.failing import ENDINGS
from exam.network.scene import TEXTS, WRITERS, Case, Setting, Way, rule, tried
from exam.rows import Row

CUT: tuple[dict[str, Any], ...] = ({"kind": "truncate", "honest": True}, {"kind": "truncate"})
BODIES: tuple[dict[str, Any], ...] = tuple(
    {"kind": kind}
    for kind in (
        "html",
        "not_json",
        "list",
        "null",
        "empty",
        "bad_utf8",
        "deep",
        "bom",
        "twice",
        "nan",
        "huge",
    )
)
EVERY_ROUTE = ("token", "schemas.list", "queues", "jobs.*", "details.*", "customattributes.search")
MANY = ("jobs.*", "batch.*", "customattributes.search", "interactions.list")
STRUCK = ("exam-0", "exam-5")
READS = {
    "recordings": ("recordings",),
    "batch": ("batch.*", "storage.recording"),
    "messages": ("messages.*", "recordings"),
    "transcripts": ("transcripts.url", "storage.transcript"),
}
RECORDS = {
    "custom_attributes": ("customattributes.*",),
    "participant_data": ("conversation", "participants.patch"),
    "interactions": ("interactions.*",),
}


def struck_for_good(ways: Sequence[Way], faults: Sequence[dict[str, Any]]) -> Iterator[Case]:
    """One fault in every answer about two conversations, and in every second answer about many."""
    for way in ways:
        for fault in faults:
            told = f"{way}, {fault['kind']}{' honestly' if fault.get('honest') else ''}"
            routes = (*(READS[way.text] if way.writer != "interactions" else ()), *RECORDS[way.writer])
            rules = [rule(route, **fault, conversation=each) for route in routes for each in STRUCK]
            rules += [rule(route, **fault, every=2) for route in (*MANY, *routes)]
            yield Case(told=told, setting=Setting(way=way, rules=rules), codes=ENDINGS)


def struck_once(ways: Sequence[Way], faults: Sequence[dict[str, Any]]) -> Iterator[Case]:
    """Every fault once, one after the other, on the routes that begin a run and on all that it goes on with."""
    for way in ways:
        rules = tuple(
            rule(route, **fault, after=3 * place, times=1)
            for place, fault in enumerate(faults)
            for route in (*EVERY_ROUTE, *READS[way.text], *RECORDS[way.writer])
        )
        yield Case(told=f"{way}, each once", setting=Setting(way=way, rules=rules), codes=ENDINGS)


def cut_off(folder: Path) -> Iterator[str]:
    """Half a body, its length told rightly or not."""
    yield from tried(folder, *struck_for_good([Way()], CUT))


def cut_off_everywhere(folder: Path) -> Iterator[str]:
    """With every writer and on every road to the text."""
    ways = [*(Way(writer=writer) for writer in WRITERS), *(Way(text=text) for text in TEXTS[1:])]
    yield from tried(folder, *struck_for_good(ways, CUT))


def odd_bodies(folder: Path) -> Iterator[str]:
    """All kinds of bodies, one after the other."""
    yield from tried(folder, *struck_once([Way()], BODIES))


def odd_bodies_for_good(folder: Path) -> Iterator[str]:
    """Each kind again and again, with every writer and on every road."""
    ways = [*(Way(writer=writer) for writer in WRITERS), *(Way(text=text) for text in TEXTS[1:])]
    yield from tried(folder, *struck_once(ways[1:], BODIES), *struck_for_good(ways, BODIES))


ROWS = (
    Row(9, "half a body, of right and wrong length", "never empty", cut_off),
    Row(9, "half a body, every writer and road", "never empty", cut_off_everywhere, release=True),
    Row(10, "bodies that are no JSON, or another", "a typed error, all right afterwards", odd_bodies),
    Row(
        10,
        "each such body again and again, on every road",
        "a typed error",
        odd_bodies_for_good,
        release=True,
    ),
)
