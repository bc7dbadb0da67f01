"""What a certificate says to people: what is promised, or why nothing is and what it would take."""

from __future__ import annotations

import pytest

from earmark.confidence.certify import Certificate, Trial
from earmark.confidence.wording import promise


def certificate(
    accepted: int,
    errors: int,
    missing: int | None,
    *,
    threshold: float | None = None,
    conversations: int = 400,
) -> Certificate:
    reached = Trial(0.8, accepted, errors, 0.93)
    return Certificate(0.95, 0.95, threshold, reached, missing, (reached,), conversations)


@pytest.mark.parametrize(
    ("known", "says"),
    [
        (
            certificate(300, 6, None, threshold=0.8),
            "kept from 0.80 on, at least 95% right with 95% assurance (300 checked, 6 wrong)",
        ),
        (certificate(0, 0, 59, conversations=0), "too few conversations to set any apart for it"),
        (certificate(0, 0, 59), "nothing would be kept in the 400 conversations set apart for it"),
        (certificate(200, 60, None), "wrong too often for more labels to help"),
        (
            certificate(100, 2, 24),
            "about 24 more to check are needed, from about 192 more labelled conversations",
        ),
    ],
)
def test_a_certificate_says_what_it_is_worth_and_what_it_lacks(known: Certificate, says: str) -> None:
    """One in two labelled conversations is set apart, and in one of four of those something is kept."""
    assert says in promise(known)
