"""Who is a kind of whom: family → model → variant, by the `parent` of each entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from earmark.catalog.entry import Entry, Problem


class Kinship:
    """The ancestors of every entry, by id. Entries without parents cost nothing."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._parents = {entry.id: entry.parent for entry in entries if entry.parent}

    def ancestors(self, identity: str) -> Iterator[str]:
        """Parent, its parent, and so on; ends where a cycle closes."""
        met = {identity}
        while (identity := self._parents.get(identity, "")) and identity not in met:
            met.add(identity)
            yield identity

    def related(self, one: str, other: str) -> bool:
        """Whether one of them is the other, or a kind of it."""
        return one == other or one in self.ancestors(other) or other in self.ancestors(one)


def kinship_problems(entries: Mapping[str, Entry]) -> Iterator[Problem]:
    """Parents that do not exist or bear another label, and cycles (each once, at its first line)."""
    settled: set[str] = set()
    for entry in entries.values():
        if not entry.parent:
            continue
        parent = entries.get(entry.parent)
        if parent is None:
            yield Problem(entry.where, f"the parent {entry.parent!r} is no id of this catalog")
        elif parent.label != entry.label:
            yield Problem(entry.where, f"the parent {parent.id!r} is {parent.label}, this is {entry.label}")
        else:
            cycle = _cycle(entries, entry, settled)
            if cycle:
                steps = " → ".join((*cycle, cycle[0]))
                yield Problem(entry.where, f"the parents go round in a cycle: {steps}", "remove one of them")


def _cycle(entries: Mapping[str, Entry], entry: Entry, settled: set[str]) -> list[str]:
    """The ids of the cycle that the way up from an entry ends in; empty where there is none, or it is known."""
    path: list[str] = []
    here: Entry | None = entry
    while here is not None and here.id not in settled:
        settled.add(here.id)
        path.append(here.id)
        here = entries.get(here.parent)
    return path[path.index(here.id) :] if here is not None and here.id in path else []
