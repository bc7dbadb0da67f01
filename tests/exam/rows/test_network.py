"""The rows of the network can fail: each reports a product that breaks its promise, and praises one that keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from exam.network import ROWS, bodies, failing, limits, scene, together, tokens
from exam.network.shapes import members

from exam.rows import Check

OURS = "exam.network.planted"


@pytest.fixture
def planted() -> Iterator[list[str]]:
    yield scene.PLANTED
    scene.PLANTED.clear()


@pytest.mark.parametrize(
    ("check", "bug", "told"),
    [
        (limits.no_hint_at_all, f"{OURS}:everybody_for_himself", "in the pause"),
        (tokens.ends_once, f"{OURS}:everybody_renews", "logins"),
        (bodies.cut_off, f"{OURS}:garbage_is_empty", "I1"),
        (failing.resets, "reset taken as success", "I1"),
        (together.in_the_gap, "no version", "I3"),
    ],
)
def test_a_row_reports_a_broken_product(
    tmp_path: Path, planted: list[str], check: Check, bug: str, told: str
) -> None:
    planted.append(bug)
    found = list(check(tmp_path))
    assert any(told in line for line in found), found


def test_a_row_has_nothing_to_say_about_a_product_that_behaves(tmp_path: Path) -> None:
    assert list(tokens.refused_for_good(tmp_path)) == []


def test_every_fault_of_the_network_has_a_case_in_the_small_exam() -> None:
    assert {row.number for row in ROWS if not row.release} == {
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        13,
        14,
        15,
        18,
        19,
    }


def test_mutations_know_the_members_of_each_answer_of_a_run() -> None:
    found = members(scene.Way())
    assert {"conversationId", "cursor"} & found["jobs.results"] == {"conversationId"}
    assert "messageText" in found["recordings"]
    assert "customAttributes" in found["customattributes.search"] | found["customattributes.list"]
