"""Certificates: the bound, the order of the tests, one candidate a conversation, and what is said without one."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.confidence.certify import LOOSEST, STRICTEST, Claimed, certify, lower_bound, sequence


def claims(outcomes: Iterable[tuple[float, bool]], prefix: str = "c") -> list[Claimed]:
    """One candidate a conversation."""
    return [
        Claimed(f"{prefix}{n}", "product:x", confidence, right)
        for n, (confidence, right) in enumerate(outcomes)
    ]


def graded(size: int, seed: int, share_right: float = 0.9) -> list[Claimed]:
    """Candidates whose confidence is the chance that they are right."""
    chance = random.Random(seed)
    sure = [min(0.999, chance.betavariate(share_right * 10, (1 - share_right) * 10)) for _ in range(size)]
    return claims(((confidence, chance.random() < confidence) for confidence in sure), f"s{seed}-")


@pytest.mark.parametrize(
    ("target", "errors", "needed"),
    [
        (0.90, 0, 29),
        (0.90, 3, 76),
        (0.95, 0, 59),
        (0.95, 1, 93),
        (0.95, 5, 208),
        (0.95, 20, 577),
        (0.98, 0, 149),
        (0.98, 10, 845),
    ],
)
def test_the_bound_needs_as_many_items_as_the_binomial_says(target: float, errors: int, needed: int) -> None:
    assert lower_bound(needed, errors, 0.95) >= target
    assert lower_bound(needed - 1, errors, 0.95) < target


def test_nothing_right_bounds_nothing() -> None:
    assert lower_bound(10, 10, 0.95) == 0.0
    assert lower_bound(0, 0, 0.95) == 0.0


def test_a_good_confidence_is_certified_and_its_test_is_the_last_that_passed() -> None:
    known = certify(graded(2000, 1), sequence(graded(2000, 2), 0.9), 0.9, 0.95, conversations=2000)
    assert known.threshold is not None
    assert known.reached == next(test for test in known.tests if test.threshold == known.threshold)
    assert [test.bound >= 0.9 for test in known.tests][:-1] == [True] * (len(known.tests) - 1)
    assert known.missing is None


def test_testing_stops_at_the_first_failure_though_a_looser_threshold_would_pass() -> None:
    """Going on would be choosing the threshold on the labels that prove it."""
    strict = [(0.95, n >= 10) for n in range(100)]
    loose = [(0.65, True)] * 3000
    known = certify(claims(strict + loose), [0.9, 0.6], 0.95, 0.95, conversations=3100)
    assert known.threshold is None
    assert [test.threshold for test in known.tests] == [0.9]


def test_one_candidate_a_conversation_is_tested() -> None:
    """Candidates of one conversation err together: five of them are not five witnesses."""
    many = [Claimed(f"c{n // 5}", f"e{n}", 0.9, True) for n in range(500)]
    known = certify(many, [0.9], 0.9, 0.95, conversations=100)
    assert known.reached is not None
    assert known.reached.accepted == 100


def test_which_candidate_is_tested_depends_on_nothing_but_names_and_seed() -> None:
    many = [Claimed(f"c{n // 5}", f"e{n}", 0.9, n % 5 == 0) for n in range(500)]
    one = certify(many, [0.5], 0.9, 0.95, conversations=100, seed="a")
    shuffled = random.Random(3).sample(many, len(many))
    assert certify(shuffled, [0.5], 0.9, 0.95, conversations=100, seed="a") == one
    assert certify(many, [0.5], 0.9, 0.95, conversations=100, seed="b") != one


def test_too_few_labels_are_counted_out() -> None:
    known = certify(claims([(0.9, True)] * 40), [0.9], 0.95, 0.95, conversations=40)
    assert known.threshold is None
    assert known.missing == 19


def test_where_errors_are_too_frequent_no_number_of_labels_would_do() -> None:
    known = certify(claims([(0.9, n % 5 > 0) for n in range(100)]), [0.9], 0.95, 0.95, conversations=100)
    assert (known.threshold, known.missing) == (None, None)
    assert known.reached is not None
    assert (known.reached.accepted, known.reached.errors) == (100, 20)


def test_a_label_that_is_wrong_too_often_is_tested_where_it_keeps_something() -> None:
    """Else nothing would be let through, nothing tested, and more labels promised to help."""
    bad = claims(((0.5, n % 2 > 0) for n in range(200)), "fit")
    listed = sequence(bad, 0.95)
    assert listed[0] == 0.5
    known = certify(claims((0.5, n % 2 > 0) for n in range(200)), listed, 0.95, 0.95, conversations=200)
    assert known.reached is not None
    assert (known.reached.accepted, known.reached.errors, known.missing) == (200, 100, None)


def test_half_characters_in_what_was_said_are_no_obstacle() -> None:
    odd = [Claimed("c", f"e\udc00{n}", 0.9, True) for n in range(2)]
    assert certify(odd, [0.9], 0.9, 0.95, conversations=1).tests[0].accepted == 1


def test_without_candidates_there_is_neither_certificate_nor_failure() -> None:
    known = certify([], sequence([], 0.95), 0.95, 0.95, conversations=0)
    assert known.threshold is None
    assert known.reached is None or known.reached.accepted == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60), st.sampled_from([0.8, 0.95]))
def test_the_sequence_goes_from_strict_to_loose_within_its_bounds(
    outcomes: list[tuple[float, bool]], target: float
) -> None:
    listed = sequence(claims(outcomes), target)
    assert all(one > other for one, other in pairwise(listed))
    assert LOOSEST == listed[-1] <= listed[0] <= STRICTEST


def test_a_certificate_is_false_no_more_often_than_it_may_be() -> None:
    """A bad confidence, right in 85 % of cases whatever it says, asked for 90 %."""
    chance = random.Random(4)

    def blind(prefix: str) -> list[Claimed]:
        return claims(((chance.random(), chance.random() < 0.85) for _ in range(300)), prefix)

    given_out = sum(
        certify(blind("a"), sequence(blind("b"), 0.9), 0.9, 0.95, conversations=300).threshold is not None
        for _ in range(200)
    )
    assert given_out <= 10
