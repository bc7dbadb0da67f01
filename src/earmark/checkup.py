"""What `earmark doctor` looks at: the journal, the extraction, then the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from earmark.assemble import WRITERS, Workshop
from earmark.confidence import CalibratedScorer
from earmark.confidence.wording import promise
from earmark.errors import EarmarkError
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
        scorer = opened.judge().scorer
    except EarmarkError as error:
        return _failed("confidence", error)
    if not isinstance(scorer, CalibratedScorer):
        detail = f"{scorer.name}: uncalibrated evidence, no probability"
        return Check(
            "confidence",
            "warn",
            detail,
            cause="the model has no calibration, or another scorer is chosen",
            fix="make a calibration with `earmark calibrate GOLD`",
        )
    promises = [
        f"{label}: {promise(each)}" for label, each in sorted(scorer.calibration.certificates.items())
    ]
    detail = "; ".join([f"calibrated ({scorer.calibration.hash[:12]})", *promises])
    if not scorer.changed:
        return Check("confidence", "ok", detail)
    return Check(
        "confidence",
        "warn",
        detail,
        cause=f"the certificates are void: changed since they were made: {', '.join(scorer.changed)}",
        fix="certify what is running now with `earmark calibrate GOLD`",
    )


def _checked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, "ok", look())
    except EarmarkError as error:
        return _failed(name, error)


def _failed(name: str, error: EarmarkError) -> Check:
    return Check(name, "fail", error.message, fix=error.hint or "")
