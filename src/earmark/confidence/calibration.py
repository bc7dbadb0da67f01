"""A calibration as a file holds it: the model of each label, what it was made for and from, and its certificates.

JSON and nothing else, so that it can be read, compared and reviewed. It belongs to one model: other weights give
other probabilities. A certificate belongs to everything that can change what is found, and is void where any of it
is different.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from earmark.confidence.certify import Certificate, Trial
from earmark.confidence.features import FEATURES, VERSION
from earmark.confidence.logistic import Logistic, Term
from earmark.errors import ConfigError

FORMAT = 1
MODEL = "model_hash"
SEAL = "sha256"
_LARGEST, _FINEST = 1e6, 1e-6
"""No fit gives a larger weight or a finer scale, and no sum of such terms overflows."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a calibration was fitted on.

    `ids` are short hashes of the conversations' ids, those of the certificates included. `channels` are those that
    the certificates were tested on; without such, all. `provisional` says that
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
        return _sha256(as_dict(self))

    def known(self, conversation_ids: Iterable[str]) -> int:
        """How many of these conversations were among those that it was made from."""
        ids = frozenset(self.fitted.ids)
        return sum(short_hash(each) in ids for each in conversation_ids)


def _sha256(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


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


def as_text(calibration: Calibration) -> str:
    """The content of a calibration file, with its own hash in it."""
    return json.dumps(as_dict(calibration) | {SEAL: calibration.hash}, indent=1, sort_keys=True) + "\n"


def parse(text: str, where: str) -> Calibration:
    """Read the content of a calibration file. One that holds its hash must be what was hashed.

    Raises:
        ConfigError: It is none, of another format, or not as it was written.
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
    seal = values.pop(SEAL, None)
    if seal is not None and seal != _sha256(values):
        raise ConfigError(f"{where} was changed after it was made", hint=hint)
    try:
        return _calibration(values)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ConfigError(f"{where} is damaged", hint=hint) from None


def _calibration(values: Mapping[str, Any]) -> Calibration:
    known = Calibration(
        labels={label: _model(model) for label, model in values["labels"].items()},
        made_for={name: str(value) for name, value in values["made_for"].items()},
        fitted=_fitted(values["fitted"]),
        figures={name: _perhaps(_number, value) for name, value in values["figures"].items()},
        certificates={label: _certificate(each) for label, each in values["certificates"].items()},
    )
    if known.certificates.keys() - known.labels.keys():
        raise ValueError("a certificate for what has no model")
    return known


def _fitted(values: Mapping[str, Any]) -> Fitted:
    return Fitted(
        conversations=_count(values["conversations"]),
        candidates=_count(values["candidates"]),
        right=_count(values["right"]),
        channels=tuple(map(str, values["channels"])),
        provisional=bool(values["provisional"]),
        ids=tuple(map(str, values["ids"])),
        note=str(values["note"]),
    )


def _model(values: Mapping[str, Any]) -> Logistic:
    terms = {
        name: Term(**{part: _number(value) for part, value in term.items()})
        for name, term in values["terms"].items()
    }
    if terms.keys() - FEATURES.keys() or any(term.scale < _FINEST for term in terms.values()):
        raise ValueError("unknown features, or a scale that is none")
    return Logistic(_number(values["intercept"]), terms)


def _certificate(values: Mapping[str, Any]) -> Certificate:
    return Certificate(
        target=_share(values["target"]),
        assurance=_share(values["assurance"]),
        threshold=_perhaps(_share, values["threshold"]),
        reached=_perhaps(_trial, values["reached"]),
        missing=_perhaps(_count, values["missing"]),
        tests=tuple(map(_trial, values["tests"])),
        conversations=_count(values["conversations"]),
    )


def _trial(values: Mapping[str, Any]) -> Trial:
    accepted, errors = _count(values["accepted"]), _count(values["errors"])
    return Trial(_share(values["threshold"]), accepted, errors, _share(values["bound"]))


def _perhaps(read: Callable[[Any], T], value: Any) -> T | None:
    return None if value is None else read(value)


def _number(value: Any, least: float = -_LARGEST, most: float = _LARGEST) -> float:
    """A number that stays one in any sum; NaN is within no bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError("no such number")
    return float(value)


def _share(value: Any) -> float:
    return _number(value, 0.0, 1.0)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("no count")
    return value
