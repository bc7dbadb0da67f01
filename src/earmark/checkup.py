"""What `earmark doctor` looks at: the journal, the extraction, then the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from earmark.assemble import WRITERS, Workshop
from earmark.confidence import CalibratedScorer
from earmark.confidence.wording import promise
from earmark.decide import Policy
from earmark.errors import EarmarkError
from earmark.gold import LABELS
from earmark.journal import Journal
from earmark.model import Check
from earmark.specs import split_spec

if TYPE_CHECKING:
    from earmark.genesys.session import Session


def checks(opened: Workshop) -> Iterator[Check]:
    """What `earmark doctor` looks at: the place of the journal, the extraction, then the service."""
    yield _checked("journal", lambda: _check_journal(opened))
    yield _checked("extraction", lambda: _check_extraction(opened))
    yield _confidence(opened)
    kind, _ = split_spec(opened.settings.source or "genesys", "source")
    if kind == "files":
        yield _checked("source", lambda: opened.source().name)
        return
    try:
        session = opened.session(kind)
    except EarmarkError as error:
        yield _failed("credentials", error)
        return
    yield from _service_checks(opened, session, kind)


def _service_checks(opened: Workshop, session: Session, kind: str) -> Iterator[Check]:
    from earmark.genesys import doctor

    if kind == "interactions":
        yield from doctor.interactions_checks(session)
        return
    writes, _ = split_spec(opened.settings.writer or WRITERS[kind], "writer")
    schema = opened.settings.schema_name if writes == "custom_attributes" else None
    yield from doctor.checks(session, schema_name=schema, keys=opened.keys(), text_route=opened.settings.text)


def _check_journal(opened: Workshop) -> str:
    path = opened.settings.journal
    if not path.exists():
        return f"{path} will be created by the first run"
    Journal(path, readonly=True).close()
    return f"{path} is readable"


def _check_extraction(opened: Workshop) -> str:
    facts = opened.extractor().facts
    parts = [f"{name} {value}" for name, value in facts.items() if value and not name.endswith("_hash")]
    return ", ".join(parts)


def _confidence(opened: Workshop) -> Check:
    """What a confidence means under these settings, and what is promised of the threshold."""
    try:
        judge = opened.judge()
    except EarmarkError as error:
        return _failed("confidence", error)
    scorer = judge.scorer
    if isinstance(scorer, CalibratedScorer):
        return _calibrated(scorer, judge.policy)
    return Check(
        "confidence",
        "warn",
        f"{scorer.name}: uncalibrated evidence, no probability",
        cause="the model has no calibration, or another scorer is chosen",
        fix="make a calibration with `earmark calibrate GOLD`",
    )


def _calibrated(scorer: CalibratedScorer, policy: Policy) -> Check:
    made = scorer.calibration
    made_on = f"calibrated ({made.hash[:12]}) on {', '.join(made.fitted.channels)}"
    worth = [f"{label}: {_worth(scorer, label, policy.cut(label))}" for label in LABELS]
    detail = "; ".join([made_on, *worth])
    if not scorer.changed:
        return Check("confidence", "ok", detail)
    return Check(
        "confidence",
        "warn",
        detail,
        cause=f"the certificates are void: changed since they were made: {', '.join(scorer.changed)}",
        fix="certify what is running now with `earmark calibrate GOLD`",
    )


def _worth(scorer: CalibratedScorer, label: str, cut: float) -> str:
    """What is promised of the cut in force, which need not be the one that was certified."""
    certificate = scorer.calibration.certificates.get(label)
    kept = f"kept from {cut:.2f} on"
    if label not in scorer.calibration.labels:
        return f"{kept}, by evidence: it was not calibrated"
    if certificate is None:
        return f"{kept}, without a certificate"
    if certificate.threshold is None:
        return f"{kept}; {promise(certificate)}"
    if scorer.changed:
        return f"{kept}; its certificate, for {certificate.threshold:.2f}, is void"
    if cut != certificate.threshold:
        return f"{kept}; its certificate is for {certificate.threshold:.2f} and promises nothing there"
    return promise(certificate)


def _checked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, "ok", look())
    except EarmarkError as error:
        return _failed(name, error)


def _failed(name: str, error: EarmarkError) -> Check:
    return Check(name, "fail", error.message, fix=error.hint or "")
