"""How well what a model finds agrees with what people marked."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Counts of spans of one label: given by people, found, found with the same extent, found at all."""

    given: int
    found: int
    same: int
    touching: int

    @property
    def exact(self) -> float:
        return _f1(self.same, self.given, self.found)

    @property
    def overlap(self) -> float:
        return _f1(self.touching, self.given, self.found)

    def as_dict(self) -> dict[str, float]:
        return asdict(self) | {"exact_f1": round(self.exact, 4), "overlap_f1": round(self.overlap, 4)}


def _f1(right: int, given: int, found: int) -> float:
    return 2 * right / (given + found) if given + found else 0.0
