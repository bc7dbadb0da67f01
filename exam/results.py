"""What the exam came to: counts for a file and a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from exam.matrix import BY_SWEEP, NUMBERS
from exam.planted import THE_SEVEN
from exam.tasks import Result

NAIVE = "naive writer"
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
            cases += [each for each in self.of("row") if each.task.name.split()[0] == str(number)]
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
        "caught_by": {result.task.name: list(result.violations[:1]) for result in outcome.of("planted")},
        "broken": [{"task": r.task.name, "violations": list(r.violations)} for r in outcome.broken],
    }


def table(outcome: Outcome) -> Group:
    """The same for people."""
    counts = Table("", "trials", "kills", "faults", "violations", box=None, pad_edge=False)
    for kind, words in KINDS.items():
        of = outcome.of(kind)
        found = 0 if kind == "planted" else sum(len(result.violations) for result in of)
        sums = [sum(getattr(result, name) for result in of) for name in ("trials", "kills", "faults")]
        counts.add_row(words, *(f"{number:,}" for number in sums), "" if kind == "planted" else f"{found:,}")
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
