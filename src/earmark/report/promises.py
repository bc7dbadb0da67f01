"""What the confidences of a run are worth, in sentences for people. Every figure is the run's own."""

from __future__ import annotations

from math import isclose

from earmark.report.count import label_order
from earmark.report.shape import Certificate, Report
from earmark.report.wording import count, percent

NOTES = {
    "probability": "Confidence is a calibrated probability: at 0.9, about nine in ten entities are right.",
    "evidence": "Confidence is evidence, not a calibrated probability: it ranks, and promises no precision.",
    "mixed": "Confidence is partly evidence, not a calibrated probability; the two cannot be compared.",
    "none": "No entity has a confidence.",
}
EVIDENCE = "evidence"
_STATUS = {"none": "no certificate", "not reached": "its goal was not reached"}


def note(report: Report) -> str:
    """What the confidences of this report may be taken for."""
    return NOTES.get(report.confidence_kind, f"Confidence is of the kind {report.confidence_kind}.")


def scorer_kind(report: Report) -> str:
    """Probability or evidence, as the scorer said; where it said nothing, as its findings say."""
    said = report.run.confidence.get("kind")
    return said if isinstance(said, str) else report.confidence_kind


def promises(report: Report) -> dict[str, str]:
    """Label → from where on its entities were kept, and what is promised of those."""
    certificates = {certificate.label: certificate for certificate in report.certificates}
    labels = sorted(report.run.thresholds.keys() | certificates.keys(), key=label_order)
    return {label: _promise(label, report, certificates.get(label)) for label in labels}


def _promise(label: str, report: Report, certificate: Certificate | None) -> str:
    cut = report.run.thresholds.get(label)
    if cut is None and certificate:
        cut = certificate.threshold
    said = label if cut is None else f"{label}: kept at {cut:.4g} and above"
    review = report.run.review.get(label)
    if review is not None and cut is not None and review < cut:
        said += f", for review from {review:.4g} on"
    return f"{said}; {_worth(report, cut, certificate)}."


def _worth(report: Report, cut: float | None, certificate: Certificate | None) -> str:
    if scorer_kind(report) == EVIDENCE:
        return "uncalibrated evidence, no probability"
    if certificate is None:
        return "no certificate"
    if not certificate.in_force:
        return _why_none(certificate)
    if _elsewhere(cut, certificate.threshold):
        return f"its certificate is for {certificate.threshold:.4g} and promises nothing at this cut"
    return _goal(certificate) + _checked(certificate) + _gap(certificate)


def _elsewhere(cut: float | None, certified: float | None) -> bool:
    return cut is not None and certified is not None and not isclose(cut, certified, abs_tol=1e-9)


def _goal(certificate: Certificate) -> str:
    if certificate.target is None:
        return "certified"
    goal = f"at least {percent(certificate.target)} right"
    if certificate.assurance is not None:
        goal += f", with {percent(certificate.assurance)} assurance"
    return goal


def _gap(certificate: Certificate) -> str:
    if not certificate.not_covered:
        return ""
    uncovered = count(certificate.not_covered, "conversation")
    return f"; {uncovered} not covered: certified for {' and '.join(certificate.channels)} alone"


def _why_none(certificate: Certificate) -> str:
    said = _STATUS.get(certificate.status, f"its certificate is {certificate.status}")
    if certificate.status == "not reached" and certificate.bound is not None:
        said += f", the labels show at least {percent(certificate.bound)}"
    said += _checked(certificate)
    if certificate.missing_labels:
        said += f", {count(certificate.missing_labels, 'label')} missing"
    return f"{said}: {certificate.reason}" if certificate.reason else said


def _checked(certificate: Certificate) -> str:
    if certificate.accepted is None or certificate.errors is None:
        return ""
    return f" ({certificate.accepted:,} checked, {certificate.errors:,} wrong)"
