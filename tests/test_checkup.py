"""What `earmark doctor` says of the confidence: of the cut in force, and nothing that does not hold there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from earmark.assemble import workshop
from earmark.calibrate import running, write_calibration
from earmark.checkup import checks
from earmark.confidence.calibration import Calibration, Fitted
from earmark.confidence.certify import Certificate, Trial
from earmark.confidence.logistic import Logistic
from earmark.model import ISSUE, PRODUCT, Check
from earmark.settings import load

PASSED = Trial(0.8, 300, 6, 0.961)
FAILED = Trial(0.9, 40, 0, 0.928)


def confidence(**told: Any) -> Check:
    """The line on the confidence under these settings, for a source that needs no service."""
    with workshop(load(source="files:chats.jsonl", **told), lambda _text: None) as shop:
        return next(check for check in checks(shop) if check.name == "confidence")


@pytest.fixture
def calibrated(tmp_path: Path) -> Calibration:
    """A calibration for no model, in calibration.json: products are certified for 0.8, issues are not."""
    with workshop(load(model="none"), lambda _text: None) as shop:
        made_for = running(shop.extractor(), shop.linkers())
    made = Calibration(
        labels={PRODUCT: Logistic(0.0, {}), ISSUE: Logistic(0.0, {})},
        made_for=made_for,
        fitted=Fitted(400, 1200, 800, ("webchat",), provisional=False, ids=()),
        certificates={
            PRODUCT: Certificate(0.95, 0.95, 0.8, PASSED, None, (PASSED,), 400),
            ISSUE: Certificate(0.95, 0.95, None, FAILED, 19, (FAILED,), 400),
        },
    )
    write_calibration(made, tmp_path / "calibration.json")
    return made


NONE = {"model": "none"}
CHOSEN = NONE | {"calibration": Path("calibration.json")}


@pytest.mark.parametrize(
    ("told", "status", "says"),
    [
        (CHOSEN, "ok", "on webchat; PRODUCT: kept from 0.80 on, at least 95% right"),
        (CHOSEN, "ok", "ISSUE: kept from 0.70 on; no threshold is certified"),
        (
            CHOSEN | {"thresholds": {PRODUCT: 0.5}},
            "ok",
            "PRODUCT: kept from 0.50 on; its certificate is for 0.80 and promises nothing there",
        ),
        (
            CHOSEN | {"senders": ["customer"]},
            "warn",
            "PRODUCT: kept from 0.70 on; its certificate, for 0.80, is void",
        ),
        (NONE, "warn", "uncalibrated evidence, no probability"),
    ],
)
def test_the_doctor_speaks_of_the_cut_in_force(
    calibrated: Calibration, told: dict[str, Any], status: str, says: str
) -> None:
    line = confidence(**told)
    assert says in line.detail
    assert line.status == status


def test_the_doctor_names_a_label_that_was_not_calibrated(calibrated: Calibration, tmp_path: Path) -> None:
    products = {PRODUCT: calibrated.labels[PRODUCT]}
    write_calibration(replace(calibrated, labels=products, certificates={}), tmp_path / "calibration.json")
    detail = confidence(**CHOSEN).detail
    assert "PRODUCT: kept from 0.70 on, without a certificate" in detail
    assert "ISSUE: kept from 0.70 on, by evidence: it was not calibrated" in detail


def test_the_doctor_says_what_a_calibration_is_void_by(calibrated: Calibration) -> None:
    assert confidence(**CHOSEN, rules=False).cause.endswith("changed since they were made: rules")
