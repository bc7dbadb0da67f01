"""API requests a conversation, as the sandbox counts them, and as the run itself says.

    python bench/request_budget.py [--quick]

Every route to the texts reads the same chats of eight weeks from a fresh sandbox and writes what it finds. Then
the recordings route reads them again: once with its journal (which knows that nothing changed), once without.
Eight weeks are listed by job; once, for comparison, by query, which asks day by day. Fixed requests are those that a
run makes whatever its size, or a few times a month of conversations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chats import chats
from harness import FULL_SPEED, Figure, at, counted, earmark, folder, publish, quick

from earmark.sandbox import Sandbox

FIXED = (
    "schemas.",
    "queues",
    "jobs.submit",
    "jobs.status",
    "jobs.availability",
    "jobs.cancel",
    "customattributes.list",
)
RUNS = {
    "messages": {"text": "messages"},
    "transcripts": {"text": "transcripts"},
    "recordings, listed by query": {"text": "recordings", "listing": "query"},
    "batch": {"text": "batch"},
    "recordings": {"text": "recordings"},
}
MOST = {
    "recordings": 2.05,
    "batch": 1.10,
    "recordings again, same journal": 1.05,
    "recordings again, new journal": 1.05,
}


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run cost, by route, and what it claims to have cost."""

    name: str
    conversations: int
    routes: dict[str, int]
    claimed: int
    writes: int

    @property
    def total(self) -> int:
        return sum(self.routes.values())

    @property
    def fixed(self) -> int:
        return sum(count for route, count in self.routes.items() if route.startswith(FIXED))

    @property
    def worst(self) -> float:
        """Requests a conversation if every one had something to write."""
        return (self.total - self.writes) / self.conversations + bool(self.writes)

    def figures(self) -> Iterator[Figure]:
        each = self.total / self.conversations
        behind = f"{self.total} counted, {self.claimed} claimed, {self.fixed} fixed, {self.writes} writes"
        yield Figure(self.name, each, most=MOST.get(self.name), behind=behind)
        if self.writes:
            routes = sorted(self.routes.items(), key=lambda item: -item[1])
            each_route = [
                f"{route} {count / self.conversations:.2f}"
                for route, count in routes
                if not route.startswith(FIXED)
            ]
            yield Figure(
                "  were all of them written",
                self.worst,
                most=MOST.get(self.name),
                behind=", ".join(each_route[:4]),
            )


def spend(sandbox: Sandbox, name: str, journal: str, place: Path, settings: Mapping[str, str]) -> Spent:
    before, written = counted(sandbox), sum(sandbox.stats()["writes"].values())
    command = ["run", "--source", "genesys", "--since", "9w", "--journal", journal]
    earmark(command, place, at(sandbox, **settings))
    routes = {key: count - before.get(key, 0) for key, count in counted(sandbox).items()}
    latest = json.loads(earmark(["runs", "--json", "--journal", journal], place).output)["runs"][0]
    return Spent(
        name,
        sum(latest["conversations"].values()),
        {key: count for key, count in routes.items() if count},
        latest["usage"]["requests"],
        sum(sandbox.stats()["writes"].values()) - written,
    )


def main() -> None:
    count = 400 if quick(__doc__) else 1000
    found: list[Spent] = []
    with folder() as place:
        for name, settings in RUNS.items():
            with Sandbox(chats(count), rate_limit=FULL_SPEED) as sandbox:
                found.append(spend(sandbox, name, f"{name}.db", place, settings))
                if name == "recordings":
                    for which, journal in (("same", f"{name}.db"), ("new", "new.db")):
                        again = f"recordings again, {which} journal"
                        found.append(spend(sandbox, again, journal, place, settings))
    figures = [figure for spent in found for figure in spent.figures()]
    figures += [
        Figure(f"writes of {spent.name}", spent.writes, most=0) for spent in found if "again" in spent.name
    ]
    figures.append(
        Figure(
            "requests claimed but not counted, or counted but not claimed",
            sum(abs(spent.total - spent.claimed) for spent in found),
            most=0,
        )
    )
    routes = {spent.name: spent.routes for spent in found}
    publish("request_budget", figures, conversations=count, routes=routes)


if __name__ == "__main__":
    main()
