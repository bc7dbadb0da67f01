"""What belongs to the tagger's weights: tags, chain, calibration and limits, as `config.json` holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.extract.tagger.crf import Crf

FORMAT = 1
OUTSIDE = "O"
DEFAULT_CALIBRATION = (0.0, 0.0, 1.0)
_BEGINNINGS, _GOING_ON = frozenset("BS"), frozenset("IE")


@dataclass(frozen=True, slots=True)
class TaggerConfig:
    """`tags` in the order of the emissions; a text is read in windows of at most `max_pieces`.

    `context_pieces` of each window are shared with the next. A span's probability is
    sigmoid(a + b · logit_exact + c · logit_any) with [a, b, c] of its label from `calibration`; spans below
    `threshold` of their label are dropped. `heads` is what training needs to go on from here.
    """

    tags: tuple[str, ...]
    crf: Crf
    heads: int = 12
    max_pieces: int = 128
    context_pieces: int = 32
    calibration: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    threshold: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> TaggerConfig:
        """Take the content of a `config.json`.

        Raises:
            ValueError: It is of another format, or its parts do not fit together.
        """
        if values.get("format", FORMAT) != FORMAT:
            raise ValueError(f"its format is {values['format']!r}, and this version reads {FORMAT}")
        try:
            return cls._checked(values)
        except (KeyError, TypeError) as error:
            raise ValueError(f"its settings cannot be read ({type(error).__name__}: {error})") from None

    @classmethod
    def _checked(cls, values: Mapping[str, Any]) -> TaggerConfig:
        tags = tuple(map(str, values["tags"]))
        config = cls(
            tags=tags,
            crf=Crf.of(*(values["crf"][name] for name in ("start", "transitions", "end"))),
            heads=int(values.get("heads", 12)),
            max_pieces=int(values.get("max_pieces", 128)),
            context_pieces=int(values.get("context_pieces", 32)),
            calibration={label: _three(row) for label, row in values.get("calibration", {}).items()},
            threshold={label: float(cut) for label, cut in values.get("threshold", {}).items()},
        )
        config._check()
        return config

    def _check(self) -> None:
        count = len(self.tags)
        if OUTSIDE not in self.tags or any(not _is_tag(tag) for tag in self.tags):
            raise ValueError("its tags are not O and B-, I-, E- or S- with a label")
        chain = self.crf
        shapes = (chain.start.shape, chain.transitions.shape, chain.end.shape)
        if shapes != ((count,), (count, count), (count,)):
            raise ValueError("its chain does not fit its tags")
        if not all(np.isfinite(part).all() for part in (chain.start, chain.transitions, chain.end)):
            raise ValueError("its chain holds what is no finite number")
        if not 0 <= self.context_pieces < self.max_pieces // 2:
            raise ValueError("its context_pieces must be less than half of max_pieces")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as `config.json` holds them and `of` takes them."""
        return {
            "format": FORMAT,
            "tags": list(self.tags),
            "heads": self.heads,
            "max_pieces": self.max_pieces,
            "context_pieces": self.context_pieces,
            "calibration": {label: list(row) for label, row in sorted(self.calibration.items())},
            "threshold": dict(sorted(self.threshold.items())),
            "crf": {
                name: getattr(self.crf, name).round(6).tolist() for name in ("start", "transitions", "end")
            },
        }

    @property
    def outside(self) -> int:
        """The tag of words in no span."""
        return self.tags.index(OUTSIDE)

    def labels(self) -> list[str]:
        return sorted({label_of(tag) for tag in self.tags} - {""})

    def spelled(self, label: str, words: int) -> list[int]:
        """The tags of a span of a label that is so many words long."""
        middle = ["I"] * (words - 1)
        letters = ["B", *middle]
        if f"E-{label}" in self.tags:
            letters = ["S"] if words == 1 else ["B", *middle[1:], "E"]
        return [self.tags.index(f"{letter}-{label}") for letter in letters]

    def carries(self, label: str) -> NDArray[np.bool_]:
        """Which tags [K] are those of a label."""
        return np.array([label_of(tag) == label for tag in self.tags])

    def stops(self, label: str) -> NDArray[np.bool_]:
        """Which tags [K] may follow a span of a label without carrying it on."""
        return np.array([not (goes_on(tag) and label_of(tag) == label) for tag in self.tags])


def _is_tag(tag: str) -> bool:
    return tag == OUTSIDE or (tag[:1] in _BEGINNINGS | _GOING_ON and tag[1:2] == "-" and len(tag) > 2)


def _three(row: Any) -> tuple[float, float, float]:
    a, b, c = map(float, row)
    return a, b, c


def label_of(tag: str) -> str:
    """The label of a tag; empty for O."""
    return tag[2:]


def goes_on(tag: str) -> bool:
    """Whether a tag carries on the span before it."""
    return tag[0] in _GOING_ON
