"""The exam's verdict: what is missing, missed or broken keeps it from passing, and is counted as what it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from exam.matrix import BY_SWEEP, NUMBERS, rows
from exam.planted import BUGS, THE_SEVEN
from exam.points import transitions
from exam.results import Outcome, as_json
from exam.tasks import Result, Task

EVERY_FAULT = [Result(Task("row", f"{number} a fault", number), ()) for number in NUMBERS]
CAUGHT = [Result(Task("planted", name, name), ("I1 lost",)) for name in BUGS]
GOOD = Outcome("small", [*EVERY_FAULT, *CAUGHT], [], 1.0, {})


def test_every_fault_of_the_matrix_has_a_case() -> None:
    assert {row.number for row in rows()} | BY_SWEEP.keys() == set(NUMBERS)


def test_the_seven_planted_bugs_and_the_naive_writer_are_there() -> None:
    assert len(THE_SEVEN) == 7
    assert "naive writer" in BUGS.keys() - set(THE_SEVEN)


def test_every_transition_of_the_journal_is_a_point() -> None:
    assert {"start", "list_page", "intend", "settle", "finish", "undone"} <= set(transitions())


def test_a_whole_exam_without_violations_passes() -> None:
    told = as_json(GOOD)
    assert told["passed"]
    assert (told["faults"], told["faults_as_expected"], told["violations"]) == (34, 34, 0)
    assert (told["planted"], told["planted_caught"]) == (len(BUGS) - 1, len(BUGS) - 1)
    assert told["naive_writer_fails"]


BROKEN = Result(Task("random", "random run 7", 7), ("I2 doubled", "I7 dishonest"), kills=2, faults=5)


@pytest.mark.parametrize(
    ("outcome", "figures"),
    [
        (replace(GOOD, results=[*GOOD.results, BROKEN]), {"violations": 2, "kills": 2, "faults_injected": 5}),
        (replace(GOOD, results=GOOD.results[1:]), {"faults": 33}),
        (replace(GOOD, never=["journal.settle.committed"]), {}),
        (
            replace(GOOD, results=[*EVERY_FAULT, replace(CAUGHT[0], violations=()), *CAUGHT[1:]]),
            {"planted_caught": len(BUGS) - 2, "violations": 0},
        ),
        (
            replace(GOOD, results=[replace(EVERY_FAULT[4], violations=("waits for ever",)), *GOOD.results]),
            {"faults": 34, "faults_as_expected": 33, "violations": 1},
        ),
    ],
)
def test_what_is_broken_missed_or_missing_keeps_it_from_passing(
    outcome: Outcome, figures: dict[str, int]
) -> None:
    told = as_json(outcome)
    assert not told["passed"]
    assert {name: told[name] for name in figures} == figures
