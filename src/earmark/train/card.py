"""The model card: what a trained pipeline is, what it learned from, how good it proved, and where it stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from earmark.gold import GoldFile
from earmark.train.figures import Agreement
from earmark.train.soften import Weights


@dataclass(frozen=True, slots=True)
class Made:
    """How a tagger came about. `notes` is Markdown of the author's, which ends the card as it is.

    `measured_on` is empty where the held-out messages come out of `files`.
    """

    name: str
    version: str
    recipe: Mapping[str, Any]
    files: Sequence[GoldFile]
    measured_on: Sequence[GoldFile]
    learned: int
    held_out: int
    refitted: bool
    figures: Mapping[str, Agreement]
    calibration: Mapping[str, Weights]
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """The card of what was made, from which start, and with which hash of the graph."""

    made: Made
    start: str
    sha256: str

    def markdown(self) -> str:
        parts = (self._head(), self._data(), self._figures(), self._recipe(), [self.made.notes.strip()])
        return "\n".join(line for part in parts for line in part).rstrip() + "\n"

    def _head(self) -> Iterator[str]:
        yield f"# {self.made.name} {self.made.version}"
        yield ""
        yield "Finds PRODUCT and ISSUE spans in the messages of support chats, in English, with a probability each."
        yield ""
        yield f"- Started from: {self.start}"
        yield f"- SHA-256 of `earmark_spans/model.onnx`: `{self.sha256}`"
        yield ""

    def _data(self) -> Iterator[str]:
        yield "## What it learned from"
        yield ""
        yield from _table(self.made.files)
        yield f"{self.made.learned:,} messages were learned from, {self.made.held_out:,} held out."
        yield ""

    def _figures(self) -> Iterator[str]:
        yield "## How well it does"
        yield ""
        yield "On the held-out messages, which the measured weights did not see:"
        yield ""
        if self.made.measured_on:
            yield from _table(self.made.measured_on)
        yield "| label | labelled | found | overlap F1 | exact F1 |"
        yield "|---|---|---|---|---|"
        for label, found in self.made.figures.items():
            counts = f"{found.given:,} | {found.found:,}"
            yield f"| {label} | {counts} | {found.overlap:.3f} | {found.exact:.3f} |"
        yield ""
        if self.made.refitted:
            yield (
                "After that the model was trained once more in the same way on everything, the held-out messages"
                " included; these weights are the ones shipped, and no figure of theirs on those messages means"
                " anything."
            )
            yield ""

    def _recipe(self) -> Iterator[str]:
        yield "## Recipe"
        yield ""
        for name, value in self.made.recipe.items():
            yield f"- {name.replace('_', ' ')}: {_shown(value)}"
        yield ""


def _table(files: Sequence[GoldFile]) -> Iterator[str]:
    yield "| file | conversations | SHA-256 |"
    yield "|---|---|---|"
    for file in files:
        yield f"| {_cell(file.name)} | {file.conversations:,} | `{file.sha256[:16]}…` |"
    yield ""


def _cell(name: str) -> str:
    """A file's name, which may hold anything, as one cell that can be written."""
    visible = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    return visible.replace("|", "\\|")


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return str(value)
