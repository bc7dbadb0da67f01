"""Row 11: answers in which members are missing, null, of another type, of an unknown word, or unknown themselves."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from exam.network.scene import TEXTS, WRITERS, Case, Rule, Setting, Way, rule, scene, tried
from exam.rows import Row

KINDS = ("drop", "nullify", "retype")
CODES = frozenset({0, 2, 3, 75})
WAYS = (
    *(Way(text=text) for text in TEXTS),
    Way(listing="query"),
    *(Way(writer=writer) for writer in WRITERS[1:]),
)
OFTEN = {
    "recordings",
    "messages",
    "storage",
    "customattributes",
    "conversation",
    "participants",
    "interactions",
}
SMALL_RUNS = 2
EACH = 0.15
"""The chance of a mutation to strike a request, in a random run."""


@cache
def members(way: Way) -> Mapping[str, frozenset[str]]:
    """Route → the names of all members in what it answers to an undisturbed run and a second one."""
    found: defaultdict[str, set[str]] = defaultdict(set)

    def note(route: str, body: bytes) -> None:
        if body:
            found[route].update(_names(json.loads(body)))

    setting = Setting(way=way, options={"answered": note})
    with tempfile.TemporaryDirectory(prefix="exam-") as place, scene(Path(place), setting) as calm:
        calm.run()
        calm.run()
    return {route: frozenset(names) for route, names in sorted(found.items())}


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _names(item)


def unknown(folder: Path) -> Iterator[str]:
    """Members and words that nobody knows change nothing: the API may grow."""
    for way in (Way(), Way(writer="interactions")):
        rules = (rule("*", "invent", every=2), rule("*", "unknown_enums", probability=0.3))
        yield from tried(folder, Case(told=f"{way}", setting=Setting(way=way, rules=rules), codes=CODES))


def unknown_everywhere(folder: Path) -> Iterator[str]:
    """The same always, on every road."""
    for way in WAYS:
        for kind in ("invent", "unknown_enums", "null_enums"):
            setting = Setting(way=way, rules=(rule("*", kind),))
            yield from tried(folder, Case(told=f"{way}, {kind}", setting=setting, codes=CODES))


def mutated(folder: Path) -> Iterator[str]:
    """Random mutations of random members on every route of a run."""
    for seed in range(SMALL_RUNS):
        yield from tried(folder, _random(seed))


def mutated_often(folder: Path) -> Iterator[str]:
    """More of them."""
    for seed in range(SMALL_RUNS, 100):
        yield from tried(folder, _random(seed))


def _random(seed: int) -> Case:
    draw = Random(seed)
    way = WAYS[seed % len(WAYS)]
    rules: list[Rule] = []
    for route, names in members(way).items():
        chosen = draw.sample(sorted(names), min(4, len(names)))
        rules += [
            rule(route, draw.choice(KINDS), member=name, probability=EACH, times=1 + draw.randrange(4))
            for name in chosen
        ]
    return Case(told=f"{way}, mutations of seed {seed}", setting=Setting(way=way, rules=rules), codes=CODES)


def each_member(folder: Path) -> Iterator[str]:
    """Every member of every route's answer, one at a time: missing, null, of another type, in one answer of two."""
    done: set[tuple[str, str, str]] = set()
    for way in WAYS:
        for route, names in members(way).items():
            for name in sorted(names):
                for kind in KINDS:
                    if (route, name, kind) not in done:
                        done.add((route, name, kind))
                        rules = (rule(route, kind, member=name, every=2 if _often(route) else 1),)
                        told = f"{way}, {kind} {name} of {route}"
                        yield from tried(
                            folder, Case(told=told, setting=Setting(way=way, rules=rules), codes=CODES)
                        )


def _often(route: str) -> bool:
    """Whether a run asks for it once a conversation."""
    return route.partition(".")[0] in OFTEN


ROWS = (
    Row(11, "members and words that nobody knows", "lived with", unknown),
    Row(
        11, "members and words that nobody knows, everywhere", "lived with", unknown_everywhere, release=True
    ),
    Row(11, "members missing, null or of another type", "one item fails; all right afterwards", mutated),
    Row(
        11,
        "such members, a hundred runs",
        "one item fails; all right afterwards",
        mutated_often,
        release=True,
    ),
    Row(
        11, "every member of every answer", "one item fails; all right afterwards", each_member, release=True
    ),
)
