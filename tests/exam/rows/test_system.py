"""The rows of the machine and the people can fail: each reports a product that breaks its promise."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from exam.system import (
    ROWS,
    changes,
    clocks,
    deletions,
    disk,
    journals,
    limits,
    permissions,
    processes,
    schema,
    signals,
    stage,
)

from exam.rows import Check

OURS = "exam.system.planted"
TERM = signal.SIGTERM


@pytest.fixture
def planted() -> Iterator[list[str]]:
    yield stage.PLANTED
    stage.PLANTED.clear()


CASES: dict[str, tuple[Check, str, str]] = {
    "16": (partial(permissions.denied_run, permissions.MAIN[0]), "denial_fails_one", "instead of 2"),
    "17": (deletions.erased_on_request, "erases_nothing", "of what was erased"),
    "20": (partial(limits.at_limit, next(limits._counts())), "cuts_names", "is failed"),
    "21": (partial(schema.unfit, schema._disabled, ("is disabled",)), "takes_any_schema", "does not say"),
    "22": (partial(clocks.wrong, 3 * clocks.DAY), "goes_by_own_clock", "is lost"),
    "23": (partial(disk.full_at, 132 * 1024), "forgives_the_disk", "without a durable intent"),
    "24": (
        partial(journals.unusable, journals._text, 1, ("is not a database",)),
        "tells_the_database",
        "traceback",
    ),
    "25": (partial(processes.one_journal, processes.RUN_LINE), "holds_nothing", "two ran at once"),
    "26": (partial(signals.once, TERM, signals.SILENCE, False), "deaf", "instead of 143"),
    "33": (partial(changes.changed, changes._catalog), "mixes_runs", "instead of 2"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_row_reports_a_broken_product(tmp_path: Path, planted: list[str], case: str) -> None:
    check, bug, told = CASES[case]
    planted.append(f"{OURS}:{bug}")
    found = list(check(tmp_path))
    assert any(told in line for line in found), found


@pytest.mark.parametrize("case", ["17", "21", "24"])
def test_a_row_has_nothing_to_say_about_a_product_that_behaves(tmp_path: Path, case: str) -> None:
    assert list(CASES[case][0](tmp_path)) == []


def test_every_fault_has_a_case_in_the_small_exam() -> None:
    assert {row.number for row in ROWS if not row.release} == {16, 17, 20, 21, 22, 23, 24, 25, 26, 33, 34}
