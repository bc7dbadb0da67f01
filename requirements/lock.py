"""The locks as data: which package at which version, with which hashes, wanted by whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).parent
RUNTIME = HERE / "runtime.txt"

_ENTRY = re.compile(r"^(?=\S)(?!#)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})(?: \\)?")
_VIA = re.compile(r"#\s+(?:via\s+)?(.+)")


@dataclass(frozen=True, slots=True)
class Pin:
    """One entry of a lock. `wanted_by` are names of other entries, or the project with its file."""

    requirement: Requirement
    version: str
    hashes: tuple[str, ...]
    wanted_by: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.requirement.name


def pins(text: str) -> Iterator[Pin]:
    """Yield the entries of a lock, in its order.

    Raises:
        ValueError: An entry is not pinned to one version, carries no hash, or holds what is neither.
    """
    for entry in filter(str.strip, _ENTRY.split(text)):
        yield _pin(entry)


def _pin(entry: str) -> Pin:
    first, *rest = entry.rstrip().splitlines()
    requirement = Requirement(first.removesuffix("\\"))
    (specifier,) = requirement.specifier or (None,)
    if specifier is None or specifier.operator != "==" or "*" in specifier.version:
        raise ValueError(f"{requirement.name} is not pinned to one version")
    lines = [line.strip() for line in rest]
    hashes = [found[1] for line in lines if (found := _HASH.fullmatch(line))]
    notes = [line for line in lines if line.startswith("#")]
    if not hashes or len(hashes) + len(notes) != len(lines):
        raise ValueError(f"{requirement.name} has no hashes, or more than hashes")
    wanted_by = (found[1] for line in notes if (found := _VIA.fullmatch(line)) and found[1] != "via")
    return Pin(requirement, specifier.version, tuple(hashes), tuple(wanted_by))
