"""Runs a pipeline over labelled conversations, as the product would, and measures it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from time import perf_counter

from earmark.evaluate.baselines import baselines
from earmark.evaluate.calibration import Calibration, Claim, calibration
from earmark.evaluate.case import Case, gold_entities, span_text
from earmark.evaluate.figures import UNDEFINED, Cell, Figures, figures
from earmark.evaluate.mistakes import Mistake, in_text_order
from earmark.evaluate.score import BY_KIND, Scored, score, standard_cells
from earmark.findings import Judge
from earmark.gold import LABELS, Labelled
from earmark.model import Conversation, Mention, Message, Sender
from earmark.ports import Extractor

BATCH_CONVERSATIONS = 100
WARM_UP = ("hello, the kettle arrived with a broken lid", "sorry to hear that, which kettle is it?")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What is measured. `load_seconds` is how long it took to open."""

    name: str
    extractor: Extractor
    judge: Judge
    load_seconds: float


@dataclass(frozen=True, slots=True)
class LabelCalibration:
    """The probability of a mention, taken for that of an overlap with a gold span, and of the same extent.

    `overlap` and `exact` are None where no mention has a probability, `confidence` where no entity has one.
    """

    overlap: Calibration | None
    exact: Calibration | None
    confidence: Calibration | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was measured of one pipeline.

    `support` counts gold spans by label. `confidence` is that of all candidates, right where they overlap a gold
    entity, `chosen` that of those among them that a finder chose; None where there are none. `baselines` are what it
    has to beat. `seconds` is what the extraction of `words` took.
    """

    pipeline: Pipeline
    figures: Mapping[Cell, Figures]
    support: Mapping[str, int]
    calibration: Mapping[str, LabelCalibration]
    confidence: Calibration | None
    chosen: Calibration | None
    baselines: Mapping[str, Calibration]
    words: int
    seconds: float
    mistakes: tuple[Mistake, ...]

    @property
    def words_per_second(self) -> float | None:
        return self.words / self.seconds if self.words and self.seconds else None


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What is measured on: the gold without spans in messages that nobody reads, and how much that is.

    `messages` and `words` (between white space) are those of `senders`.
    """

    conversations: tuple[Labelled, ...]
    senders: frozenset[Sender]

    @property
    def messages(self) -> int:
        return sum(1 for _ in self._texts())

    @property
    def words(self) -> int:
        return sum(len(text.split()) for text in self._texts())

    @property
    def support(self) -> dict[str, int]:
        """Gold spans by label."""
        counts = Counter(span.label for labelled in self.conversations for span in labelled.spans)
        return {label: counts[label] for label in LABELS}

    def _texts(self) -> Iterator[str]:
        for labelled in self.conversations:
            for message in labelled.conversation.messages:
                if message.sender in self.senders:
                    yield message.text


def yardstick(gold: Iterable[Labelled], senders: Iterable[Sender]) -> Yardstick:
    """Measure on the messages of these senders; those of the system are never scored."""
    read = frozenset(senders) - {Sender.SYSTEM}
    return Yardstick(tuple(_in_scope(labelled, read) for labelled in gold), read)


def _in_scope(labelled: Labelled, read: frozenset[Sender]) -> Labelled:
    spans = tuple(span for span in labelled.spans if _sender(labelled, span.message_index) in read)
    return replace(labelled, spans=spans)


def _sender(labelled: Labelled, index: int) -> Sender:
    return labelled.conversation.messages[index].sender


def evaluate(
    pipeline: Pipeline, stick: Yardstick, watch: Callable[[int], None] = lambda _count: None
) -> Evaluation:
    """Measure a pipeline; `watch` is told how many conversations were done.

    The order of the conversations changes no figure.
    """
    found, seconds = _extracted(pipeline.extractor, stick, watch)
    links = _links(pipeline.extractor, stick)
    cases = [
        _case(pipeline.judge, labelled, mentions, links)
        for labelled, mentions in zip(stick.conversations, found, strict=True)
    ]
    scores = [score(case) for case in sorted(cases, key=lambda case: case.gold.conversation.id)]
    sighted = [each for scored in scores for each in scored.entities]
    counted = figures([scored.counts for scored in scores], standard_cells())
    return Evaluation(
        pipeline=pipeline,
        figures={cell: _reported(cell, known) for cell, known in counted.items()},
        support=stick.support,
        calibration={label: _label_calibration(scores, label) for label in LABELS},
        confidence=_calibrated(each.claim for each in sighted),
        chosen=_calibrated(each.claim for each in sighted if not each.entity.unsure),
        baselines=baselines(sighted),
        words=stick.words,
        seconds=seconds,
        mistakes=tuple(mistake for case in cases for mistake in in_text_order(case)),
    )


def _reported(cell: Cell, known: Figures) -> Figures:
    """What is found has no kind, so that of a kind only the recall is known."""
    return replace(known, precision=UNDEFINED, f1=UNDEFINED) if cell.part == BY_KIND else known


def _extracted(
    extractor: Extractor, stick: Yardstick, watch: Callable[[int], None]
) -> tuple[list[tuple[Mention, ...]], float]:
    """The mentions of each conversation, and how long finding them took once the pipeline was warm."""
    list(extractor.extract([_chat("warm-up", WARM_UP, min(stick.senders, default=Sender.CUSTOMER))]))
    found: list[tuple[Mention, ...]] = []
    seconds = 0.0
    conversations = [labelled.conversation for labelled in stick.conversations]
    for start in range(0, len(conversations), BATCH_CONVERSATIONS):
        batch = conversations[start : start + BATCH_CONVERSATIONS]
        began = perf_counter()
        found += extractor.extract(batch)
        seconds += perf_counter() - began
        watch(len(batch))
    read = [
        tuple(m for m in mentions if m.label in LABELS and m.sender in stick.senders) for mentions in found
    ]
    return read, seconds


def _chat(identity: str, texts: Iterable[str], sender: Sender) -> Conversation:
    return Conversation(identity, tuple(Message(str(n), sender, text) for n, text in enumerate(texts)))


def _links(extractor: Extractor, stick: Yardstick) -> dict[tuple[str, str], str]:
    """Label and text of gold spans → the catalog entry or rule that the pipeline links such a text to."""
    spans = {
        (span.label, span_text(labelled.conversation, span)): _sender(labelled, span.message_index)
        for labelled in stick.conversations
        for span in labelled.spans
    }
    alone = [_chat("alone", [text], sender) for (_, text), sender in spans.items()]
    return {
        (label, text): mention.canonical_id
        for (label, text), mentions in zip(spans, extractor.extract(alone), strict=True)
        for mention in mentions
        if mention.label == label and mention.text == text and mention.canonical_id
    }


def _case(
    judge: Judge, labelled: Labelled, mentions: tuple[Mention, ...], links: Mapping[tuple[str, str], str]
) -> Case:
    decisions = judge(labelled.conversation, mentions).decisions
    chosen = tuple(mention for mention in mentions if not mention.unsure)
    return Case(labelled, chosen, decisions, gold_entities(labelled, judge, mentions, links))


def _label_calibration(scores: Iterable[Scored], label: str) -> LabelCalibration:
    mentions = [judged for scored in scores for judged in scored.mentions if judged.label == label]
    exactly = [replace(judged, claim=(judged.claim[0], judged.exact)) for judged in mentions]
    found = [each for scored in scores for each in scored.entities if each.entity.label == label]
    return LabelCalibration(
        _calibrated(judged.claim for judged in mentions),
        _calibrated(judged.claim for judged in exactly),
        _calibrated(each.claim for each in found),
    )


def _calibrated(claims: Iterable[Claim]) -> Calibration | None:
    known = list(claims)
    return calibration(known) if known else None
