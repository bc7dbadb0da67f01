"""The list of errors: what was missed, invented, cut wrongly or called by the wrong name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from earmark.evaluate.case import Case
from earmark.evaluate.matching import exact, overlap, pair_spans
from earmark.gold import GoldSpan
from earmark.model import Mention

MISSED, INVENTED, WRONG_EXTENT, WRONG_LABEL = "missed", "invented", "wrong_extent", "wrong_label"
CONTEXT = 60


@dataclass(frozen=True, slots=True)
class Mistake:
    """One error. `gold` is what people marked, `found` what the pipeline says; one of them may be missing.

    `marked` is the text around both, the gold span in braces and the found one in brackets.
    """

    kind: str
    where: str
    conversation: str
    message: int
    sender: str
    gold: GoldSpan | None
    found: Mention | None
    marked: str

    @property
    def label(self) -> str:
        """The label that people gave, else the one that was found."""
        span = self.gold or self.found
        return span.label if span else ""


def mistakes(case: Case) -> Iterator[Mistake]:
    """All errors of a conversation in text order; each span is in one of them at most."""
    gold, found = case.gold.spans, case.mentions
    same = pair_spans(gold, found, overlap)
    for number, other in sorted(same.items()):
        if not exact(gold[number], found[other]):
            yield _mistake(case, WRONG_EXTENT, gold[number], found[other])
    left = [span for number, span in enumerate(gold) if number not in same]
    free = [mention for number, mention in enumerate(found) if number not in set(same.values())]
    crossed = pair_spans(left, free, overlap, across_labels=True)
    for number, span in enumerate(left):
        if number in crossed:
            yield _mistake(case, WRONG_LABEL, span, free[crossed[number]])
        else:
            yield _mistake(case, MISSED, span, None)
    for number, mention in enumerate(free):
        if number not in crossed.values():
            yield _mistake(case, INVENTED, None, mention)


def in_text_order(case: Case) -> list[Mistake]:
    """The errors of a conversation as a reader meets them."""
    return sorted(mistakes(case), key=_place)


def _place(mistake: Mistake) -> tuple[int, int]:
    starts = [span.start for span in (mistake.gold, mistake.found) if span]
    return mistake.message, min(starts)


def _mistake(case: Case, kind: str, gold: GoldSpan | None, found: Mention | None) -> Mistake:
    spans = [span for span in (gold, found) if span is not None]
    message = case.gold.conversation.messages[spans[0].message_index]
    return Mistake(
        kind=kind,
        where=case.gold.where,
        conversation=case.gold.conversation.id,
        message=spans[0].message_index,
        sender=message.sender.value,
        gold=gold,
        found=found,
        marked=mark(message.text, gold, found),
    )


def mark(text: str, gold: GoldSpan | None, found: Mention | None) -> str:
    """The text around two spans on one line: {gold}, [found]; what is far off is left out."""
    spans = [span for span in (gold, found) if span is not None]
    first = max(0, min(span.start for span in spans) - CONTEXT)
    last = min(len(text), max(span.end for span in spans) + CONTEXT)
    signs = sorted(sign for pair in (_signs(gold, 0, "{", "}"), _signs(found, 1, "[", "]")) for sign in pair)
    marked, at = "", first
    for offset, *_, sign in signs:
        marked, at = f"{marked}{text[at:offset]}{sign}", offset
    marked += text[at:last]
    line = " ".join(marked.split())
    return f"{'…' if first else ''}{line}{'…' if last < len(text) else ''}"


def _signs(
    span: GoldSpan | Mention | None, depth: int, opening: str, closing: str
) -> list[tuple[int, int, int, int, str]]:
    """Where a sign goes, and its order at that place: closing before opening, the inner one first to close."""
    if span is None:
        return []
    return [(span.start, 1, -span.end, depth, opening), (span.end, 0, -span.start, -depth, closing)]
