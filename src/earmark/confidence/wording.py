"""What a certificate says, in words."""

from __future__ import annotations

from earmark.confidence.certify import Certificate


def promise(certificate: Certificate) -> str:
    """What a certificate says, in words."""
    goal = f"{certificate.target:.0%} right with {certificate.assurance:.0%} assurance"
    reached = certificate.reached
    if not certificate.conversations or reached is None or not reached.accepted:
        return f"no threshold is certified for {goal}: too few conversations to set any apart for it"
    checked = f"{reached.accepted} checked, {reached.errors} wrong"
    if certificate.threshold is not None:
        return f"kept from {certificate.threshold:.2f} on, at least {goal} ({checked})"
    short = f"at {reached.threshold:.2f} the bound is {reached.bound:.3f} ({checked})"
    if certificate.missing is None:
        return f"no threshold is certified for {goal}: {short}; it is wrong too often for more labels to help"
    return f"no threshold is certified for {goal}: {short}; about {certificate.missing:,} more kept entities are needed"
