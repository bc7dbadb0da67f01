"""The calibration that comes with Earmark is for what comes with Earmark."""

from __future__ import annotations

import pytest

from earmark.assemble import workshop
from earmark.calibrate.files import PACKAGED
from earmark.confidence import CalibratedScorer
from earmark.model import ISSUE, PRODUCT
from earmark.settings import load


@pytest.fixture(scope="module")
def scorer() -> CalibratedScorer:
    with workshop(load(), lambda _text: None) as shop:
        known = shop.judge().scorer
    assert isinstance(known, CalibratedScorer)
    return known


def test_its_certificates_are_in_force_as_installed(scorer: CalibratedScorer) -> None:
    """Where this fails, model, rules or names have changed: training/README.md says how to make it again."""
    assert scorer.changed == ()
    assert set(scorer.calibration.certificates) == {PRODUCT, ISSUE}
    for certificate in scorer.calibration.certificates.values():
        assert certificate.threshold is not None
        assert certificate.reached is not None
        assert certificate.reached.bound >= certificate.target


def test_it_was_certified_on_as_many_conversations_as_the_page_says(scorer: CalibratedScorer) -> None:
    fitted = scorer.calibration.fitted
    (held,) = {certificate.conversations for certificate in scorer.calibration.certificates.values()}
    assert fitted.conversations + held == 2332
    assert not fitted.provisional


def test_it_is_small_and_holds_no_text() -> None:
    """Conversations are named by short hashes alone."""
    content = PACKAGED.read_text(encoding="utf-8")
    assert len(content) < 100_000
    assert max(map(len, content.split('"'))) < 300
