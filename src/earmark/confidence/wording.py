"""What a certificate says, in words."""

from __future__ import annotations

import math

from earmark.confidence.certify import Certificate, Trial

_APART = 2  # of as many labelled conversations one is set apart for the certificate


def promise(certificate: Certificate) -> str:
    """What a certificate says, in words."""
    goal = f"{certificate.target:.0%} right with {certificate.assurance:.0%} assurance"
    reached = certificate.reached
    if certificate.threshold is not None and reached is not None:
        return f"kept from {certificate.threshold:.2f} on, at least {goal} ({_checked(reached)})"
    return f"no threshold is certified for {goal}: {_why_none(certificate, reached)}"


def _why_none(certificate: Certificate, reached: Trial | None) -> str:
    apart = certificate.conversations
    if not apart:
        return "too few conversations to set any apart for it"
    if reached is None or not reached.accepted:
        return f"nothing would be kept in the {apart:,} conversations set apart for it"
    short = f"at {reached.threshold:.2f} the bound is {reached.bound:.3f} ({_checked(reached)})"
    if certificate.missing is None:
        return f"{short}; it is wrong too often for more labels to help"
    to_label = math.ceil(certificate.missing * _APART * apart / reached.accepted)
    return (
        f"{short}; about {certificate.missing:,} more to check are needed, "
        f"from about {to_label:,} more labelled conversations"
    )


def _checked(trial: Trial) -> str:
    return f"{trial.accepted:,} checked, {trial.errors:,} wrong"
