"""What the exam came to: counts for a file and a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from exam.matrix import BY_SWEEP, NUMBERS, rows
from exam.planted import THE_SEVEN
from exam.tasks import Result

NAIVE = "naive writer"
BY_TRIALS = {
    1: ("kill -9 around each transition and each request", "a resume completes it; all invariants"),
    2: ("one to four kills and faults in 30 % of the requests", "a resume completes it; all invariants"),
    3: ("power fails while a commit is written", "the journal opens, and is right"),
}
KINDS = {
    "point": "killed at a named point",
    "random": "random faults and kills",
    "power": "a commit torn by a power cut",
    "row": "cases of the fault matrix",
    "planted": "planted bugs",
}


@dataclass(frozen=True)
class Outcome:
    """All results of an exam; `never` are transitions of the journal that no script passes."""

    size: str
    results: Sequence[Result]
    never: Sequence[str]
    seconds: float
    about: Mapping[str, str | int]

    def of(self, kind: str) -> list[Result]:
        return [result for result in self.results if result.task.kind == kind]

    @property
    def broken(self) -> list[Result]:
        """What must not have violations, and has."""
        return [result for result in self.results if result.violations and result.task.kind != "planted"]

    @property
    def missed(self) -> list[str]:
        """Planted bugs that nothing gave away."""
        return [result.task.name for result in self.of("planted") if not result.violations]

    @property
    def faults(self) -> dict[int, bool]:
        """Fault of the matrix → whether all its cases were as expected; those without a case are absent."""
        found: dict[int, bool] = {}
        for number in NUMBERS:
            kind = BY_SWEEP.get(number)
            cases = self.of(kind) if kind else []
            cases += [each for each in self.of("row") if _number(each) == number]
            if cases:
                found[number] = not any(each.violations for each in cases)
        return found

    @property
    def passed(self) -> bool:
        complete = len(self.faults) == len(NUMBERS) and not self.never
        return complete and not self.broken and not self.missed


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The figures that are published, and every violation."""
    planted = [result for result in outcome.of("planted") if result.task.name != NAIVE]
    results = [result for result in outcome.results if result.task.kind != "planted"]
    return {
        "schema": "earmark.exam/1",
        "size": outcome.size,
        "passed": outcome.passed,
        "trials": sum(result.trials for result in results),
        "kills": sum(result.kills for result in results),
        "faults": len(outcome.faults),
        "faults_as_expected": sum(outcome.faults.values()),
        "faults_injected": sum(result.faults for result in results),
        "violations": sum(len(result.violations) for result in outcome.broken),
        "planted": len(planted),
        "planted_caught": sum(bool(result.violations) for result in planted),
        "naive_writer_fails": any(r.violations for r in outcome.of("planted") if r.task.name == NAIVE),
        "points": len(outcome.of("point")),
        "random_runs": len(outcome.of("random")),
        "power_cuts": len(outcome.of("power")),
        "transitions_never_passed": list(outcome.never),
        "seconds": round(outcome.seconds, 1),
        "about": dict(outcome.about),
        "by_fault": {str(number): good for number, good in outcome.faults.items()},
        "caught_by": {result.task.name: _invariants(result) for result in outcome.of("planted")},
        "kinds": [_kind(words, outcome.of(kind)) for kind, words in KINDS.items()],
        "matrix": list(_matrix(outcome)),
        "slowest": [[r.task.name, round(r.seconds, 1)] for r in _slowest(outcome)],
        "seconds_by_kind": {kind: round(sum(r.seconds for r in outcome.of(kind)), 1) for kind in KINDS},
        "broken": [{"task": r.task.name, "violations": list(r.violations)} for r in outcome.broken],
    }


def _slowest(outcome: Outcome, most: int = 20) -> list[Result]:
    return sorted(outcome.results, key=lambda result: -result.seconds)[:most]


def _kind(words: str, of: Sequence[Result]) -> dict[str, Any]:
    """Counts of one kind of task. Violations of planted bugs are what is wanted, and not counted."""
    sums = {name: sum(getattr(result, name) for result in of) for name in ("trials", "kills", "faults")}
    broken = [result for result in of if result.task.kind != "planted"]
    return {"kind": words} | sums | {"violations": sum(len(result.violations) for result in broken)}


def _invariants(result: Result) -> list[str]:
    return sorted({told.split()[0] for told in result.violations})


def _matrix(outcome: Outcome) -> Iterator[dict[str, Any]]:
    for number, good in outcome.faults.items():
        cases = [result for result in outcome.of("row") if _number(result) == number]
        first = rows()[int(str(cases[0].task.key))] if cases else None
        fault, expected = (first.fault, first.expected) if first else BY_TRIALS[number]
        count = len(cases) or len(outcome.of(BY_SWEEP[number]))
        yield {"number": number, "fault": fault, "expected": expected, "cases": count, "as_expected": good}


def _number(result: Result) -> int:
    return int(result.task.name.split()[0])


def table(outcome: Outcome) -> Group:
    """The same for people."""
    counts = Table("", "trials", "kills", "faults", "violations", box=None, pad_edge=False)
    for kind, words in KINDS.items():
        counts.add_row(
            *(
                f"{told:,}" if isinstance(told, int) else told
                for told in _kind(words, outcome.of(kind)).values()
            )
        )
    return Group(counts, *_lines(outcome))


def _lines(outcome: Outcome) -> Iterator[Text]:
    caught = {result.task.name for result in outcome.of("planted") if result.violations}
    if outcome.of("planted"):
        extra = f"; {len(caught) - len(caught & {*THE_SEVEN})} of {len(outcome.of('planted')) - len(THE_SEVEN)} others"
        yield Text(f"planted bugs caught: {len(caught & {*THE_SEVEN})} of {len(THE_SEVEN)}{extra}")
    yield Text(f"faults of the matrix as expected: {sum(outcome.faults.values())} of {len(NUMBERS)}")
    yield from (Text(f"missed: {name}", "red") for name in outcome.missed)
    yield from (Text(f"no script passes {name}", "red") for name in outcome.never)
    for result in outcome.broken:
        yield Text(f"broken: {result.task.name}", "red")
        yield from (Text(f"  {told[:300]}") for told in result.violations)
    yield Text(f"{'passed' if outcome.passed else 'not passed'} in {outcome.seconds:.0f} s")
