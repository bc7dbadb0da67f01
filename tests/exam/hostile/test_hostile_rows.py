"""The exam's rows of hostile text and input hold, at a size that fits here."""

from __future__ import annotations

from pathlib import Path

import pytest

from exam.hostile import ROWS, catalogs, characters, effort, inert, patterns, size
from exam.rows import Row

HERE: tuple[Row, ...] = (
    *size.ROWS[:3],
    *effort.ROWS,
    *characters.ROWS,
    *inert.ROWS,
    *catalogs.ROWS[:1],
    *patterns.ROWS,
)
"""All but what takes minutes whatever its size."""


@pytest.mark.parametrize("row", HERE, ids=lambda row: f"{row.number}-{row.fault}")
def test_hostile_input_does_no_harm(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row yields a line for everything that is not as its `expected` says."""
    monkeypatch.setattr(size, "MESSAGES", 20_000)
    monkeypatch.setattr(size, "IN_SANDBOX", 6_000)
    assert list(row.check(tmp_path)) == []


def test_every_fault_of_the_matrix_that_is_ours_has_a_row() -> None:
    assert {row.number for row in ROWS} == {27, 28, 29, 30, 31, 32}
