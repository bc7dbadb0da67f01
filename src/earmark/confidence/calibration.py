"""A calibration as a file holds it: the model of each label, what it was made for and from, and its certificates.

JSON and nothing else, so that it can be read, compared and reviewed. It belongs to one model: other weights give
other probabilities. A certificate belongs to everything that can change what is found, and is void where any of it
is different.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from earmark.confidence.certify import Certificate, Trial
from earmark.confidence.features import FEATURES, VERSION
from earmark.confidence.logistic import Logistic, Term
from earmark.errors import ConfigError

FORMAT = 1
MODEL = "model_hash"


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a calibration was fitted on.

    `ids` are short hashes of the conversations' ids, those of the certificates included. `provisional` says that
    they were too few for more than a rough fit, `note` whatever its maker wants to say.
    """

    conversations: int
    candidates: int
    right: int
    channels: tuple[str, ...]
    provisional: bool
    ids: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Calibration:
    """`made_for` names what the numbers depend on, by hash; `figures` are cross-validated by conversation."""

    labels: Mapping[str, Logistic]
    made_for: Mapping[str, str]
    fitted: Fitted
    figures: Mapping[str, float | None] = field(default_factory=dict)
    certificates: Mapping[str, Certificate] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """Identifies it: changes exactly when anything in it does."""
        return hashlib.sha256(json.dumps(as_dict(self), sort_keys=True).encode()).hexdigest()

    def knows(self, conversation_id: str) -> bool:
        """Whether a conversation was among those that it was made from."""
        return short_hash(conversation_id) in self.fitted.ids


def short_hash(conversation_id: str) -> str:
    """Enough to recognise a conversation by, and nothing to find it by."""
    return hashlib.sha256(conversation_id.encode()).hexdigest()[:8]


def as_dict(calibration: Calibration) -> dict[str, Any]:
    """Plain values, as the file holds them and `parse` takes them."""
    return {
        "format": FORMAT,
        "features": VERSION,
        "made_for": dict(calibration.made_for),
        "fitted": asdict(calibration.fitted),
        "figures": dict(calibration.figures),
        "labels": {label: _model_dict(model) for label, model in sorted(calibration.labels.items())},
        "certificates": {label: asdict(each) for label, each in sorted(calibration.certificates.items())},
    }


def _model_dict(model: Logistic) -> dict[str, Any]:
    return {"intercept": model.intercept, "terms": {name: asdict(term) for name, term in model.terms.items()}}


def parse(text: str, where: str) -> Calibration:
    """Read the content of a calibration file.

    Raises:
        ConfigError: It is none, or of another format.
    """
    hint = "make it again with `earmark calibrate`"
    try:
        values = json.loads(text)
        versions = values["format"], values["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigError(f"{where} is no calibration", hint=hint) from None
    if versions != (FORMAT, VERSION):
        raise ConfigError(
            f"{where} has format {versions[0]} with features {versions[1]}; this Earmark reads {FORMAT} with {VERSION}",
            hint=hint,
        )
    try:
        return _calibration(values)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ConfigError(f"{where} is damaged", hint=hint) from None


def _calibration(values: Mapping[str, Any]) -> Calibration:
    fitted = values["fitted"]
    return Calibration(
        labels={str(label): _model(model) for label, model in values["labels"].items()},
        made_for={str(name): str(value) for name, value in values["made_for"].items()},
        fitted=Fitted(**fitted | {"channels": tuple(fitted["channels"]), "ids": tuple(fitted["ids"])}),
        figures=values["figures"],
        certificates={str(label): _certificate(each) for label, each in values["certificates"].items()},
    )


def _model(values: Mapping[str, Any]) -> Logistic:
    terms = {
        name: Term(**{part: _finite(value) for part, value in term.items()})
        for name, term in values["terms"].items()
    }
    unknown = terms.keys() - FEATURES.keys()
    if unknown or any(term.scale <= 0 for term in terms.values()):
        raise ValueError("unknown features, or a scale that is none")
    return Logistic(_finite(values["intercept"]), terms)


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("no finite number")
    return number


def _certificate(values: Mapping[str, Any]) -> Certificate:
    tests = tuple(Trial(**test) for test in values["tests"])
    reached = Trial(**values["reached"]) if values["reached"] else None
    return Certificate(**{**values, "tests": tests, "reached": reached})
