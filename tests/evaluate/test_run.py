"""A whole evaluation: from gold and a pipeline to figures, speed and errors, in the published shape."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.evaluate.cases import Oracle, chat, gold_span, labelled
from tests.report.test_report_data import violations

from earmark.confidence import open_scorer
from earmark.decide import Policy
from earmark.evaluate import Evaluation, Pipeline, evaluate, to_json, yardstick
from earmark.findings import Judge
from earmark.gold import LABELS, GoldFile, GoldSpan, Labelled
from earmark.model import ISSUE, PRODUCT, Conversation, Mention, Message, Sender
from earmark.ports import Extractor

READ = frozenset({Sender.CUSTOMER, Sender.AGENT})
FILES = (GoldFile("gold.jsonl", "a" * 64, 2),)
WORDS = ("hub", "lost", "Router", "x200", "and", "open", "é", "the")


def pipeline(extractor: Extractor) -> Pipeline:
    return Pipeline("oracle", extractor, Judge((), open_scorer("evidence"), Policy(0.7)), 0.5)


def measured(gold: Sequence[Labelled], extractor: Extractor | None = None) -> Evaluation:
    return evaluate(pipeline(extractor or Oracle(gold)), yardstick(gold, READ))


def as_json(gold: Sequence[Labelled], *evaluations: Evaluation, errors: bool = True) -> dict[str, Any]:
    compared = len(evaluations) > 1
    data = to_json(yardstick(gold, READ), FILES, evaluations, compared=compared, errors=errors)
    return dict(json.loads(json.dumps(data)))


@st.composite
def gold_sets(draw: st.DrawFn) -> list[Labelled]:
    return [draw(conversations(identity=f"c{n}")) for n in range(draw(st.integers(1, 6)))]


@st.composite
def conversations(draw: st.DrawFn, identity: str) -> Labelled:
    texts = draw(st.lists(st.lists(st.sampled_from(WORDS), max_size=8), max_size=4))
    senders = [draw(st.sampled_from([Sender.CUSTOMER, Sender.AGENT])) for _ in texts]
    messages = tuple(
        Message(str(n), sender, " ".join(text))
        for n, (sender, text) in enumerate(zip(senders, texts, strict=True))
    )
    spans = [span for n, text in enumerate(texts) for span in draw(spans_of(n, text))]
    return labelled(Conversation(identity, messages), *spans, source=draw(st.sampled_from(["a", "b"])))


@st.composite
def spans_of(draw: st.DrawFn, index: int, words: list[str]) -> list[GoldSpan]:
    spans, start = [], 0
    for word in words:
        if draw(st.booleans()):
            label = draw(st.sampled_from(LABELS))
            spans.append(
                GoldSpan(index, start, start + len(word), label, "named" if label == PRODUCT else None)
            )
        start += len(word) + 1
    return spans


def rates(figures: dict[str, Any]) -> Iterator[float]:
    yield from (figures[name] for name in ("precision", "recall", "f1") if figures[name] is not None)


def blocks(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object with figures, wherever it stands."""
    if "tp" in data:
        yield data
        return
    for value in data.values():
        if isinstance(value, dict):
            yield from blocks(value)


@hypothesis_settings(max_examples=25)
@given(gold_sets())
def test_who_finds_everything_is_perfect_everywhere(gold: list[Labelled]) -> None:
    evaluation = measured(gold)
    data = as_json(gold, evaluation)
    for figures in blocks(data):
        assert set(rates(figures)) <= {1.0}
        assert (figures["fp"] or 0, figures["fn"]) == (0, 0)
    for label, support in data["support"].items():
        views = data["labels"][label]
        assert views["exact"]["tp"] == views["overlap"]["tp"] == support
        assert views["ece"] == views["ece_exact"] == (0.0 if support else None)
    assert evaluation.mistakes == ()


@hypothesis_settings(max_examples=25)
@given(gold_sets(), st.randoms())
def test_the_order_of_the_conversations_changes_no_figure(gold: list[Labelled], random: Random) -> None:
    extractor = Oracle([labelled(each.conversation, *each.spans[::2]) for each in gold])
    shuffled = list(gold)
    random.shuffle(shuffled)
    one, other = measured(gold, extractor), measured(shuffled, extractor)
    assert one.figures == other.figures
    assert (one.confidence, one.calibration) == (other.confidence, other.calibration)
    assert len(one.mistakes) == len(other.mistakes) == sum(len(each.spans) // 2 for each in gold)


@hypothesis_settings(max_examples=25)
@given(gold_sets())
def test_every_interval_contains_its_estimate(gold: list[Labelled]) -> None:
    extractor = Oracle([labelled(each.conversation, *each.spans[::2]) for each in gold])
    for figures in blocks(as_json(gold, measured(gold, extractor))):
        for name, interval in figures["interval"].items():
            if figures[name] is None:
                assert interval is None
            else:
                assert interval[0] <= figures[name] <= interval[1]


def test_numpy_is_left_for_extraction_to_import_first() -> None:
    """It is there that the number of its threads is set, on which the speed depends."""
    script = "import sys, earmark.evaluate, earmark.gold; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("gold", [[], [labelled(chat("nothing here"))]])
def test_without_any_span_nothing_is_defined(gold: list[Labelled]) -> None:
    data = as_json(gold, measured(gold))
    for label in LABELS:
        assert data["labels"][label]["support"] == 0
        assert list(rates(data["labels"][label]["exact"])) == []
        assert data["labels"][label]["ece"] is None
    assert data["confidence"]["auroc"] is None


def test_only_messages_that_are_read_are_scored() -> None:
    talk = Conversation(
        "c1",
        (
            Message("0", Sender.BOT, "one two three"),
            Message("1", Sender.CUSTOMER, "my hub"),
            Message("2", Sender.SYSTEM, "hub closed"),
        ),
    )
    gold = [labelled(talk, GoldSpan(0, 0, 3, PRODUCT), GoldSpan(1, 3, 6, PRODUCT))]
    extra = labelled(talk, *gold[0].spans, GoldSpan(2, 0, 3, PRODUCT))
    evaluation = measured(gold, Oracle([extra]))
    data = as_json(gold, evaluation)
    assert (data["gold"]["messages"], data["gold"]["words"]) == (1, 2)
    assert data["gold"]["senders"] == ["agent", "customer"]
    exact = data["labels"][PRODUCT]["exact"]
    assert (exact["tp"], exact["fp"], exact["fn"], data["support"][PRODUCT]) == (1, 0, 0, 1)


def test_labels_of_others_are_not_scored() -> None:
    talk = chat("my hub")
    gold = [labelled(talk)]
    evaluation = measured(gold, Oracle([labelled(talk, GoldSpan(0, 3, 6, "COLOUR"))]))
    assert evaluation.mistakes == ()


def test_a_gold_text_is_linked_as_the_pipeline_links_it_alone() -> None:
    talk = chat("hub or that hub box")
    gold = [labelled(talk, gold_span(talk, "hub", PRODUCT), gold_span(talk, "hub box", PRODUCT))]
    nothing = Oracle([], links={"hub": "prd-hub", "hub box": "prd-hub"})
    document = as_json(gold, measured(gold, nothing))["labels"][PRODUCT]["document"]
    assert document["fn"] == 1
    apart = as_json(gold, measured(gold, Oracle([])))["labels"][PRODUCT]["document"]
    assert apart["fn"] == 2


class Counting:
    """Finds nothing, and takes a known time for each conversation."""

    fingerprint = ""
    facts: dict[str, str] = {}  # noqa: RUF012 - nobody changes it

    def __init__(self) -> None:
        self.batches: list[int] = []

    def extract(self, conversations: Sequence[Conversation]) -> Iterator[tuple[Mention, ...]]:
        self.batches.append(len(conversations))
        return iter([()] * len(conversations))


def test_progress_is_told_batch_by_batch_after_a_warm_up() -> None:
    gold = [labelled(chat("a few words", identity=f"c{n}")) for n in range(250)]
    extractor, told = Counting(), list[int]()
    evaluation = evaluate(pipeline(extractor), yardstick(gold, READ), told.append)
    assert told == [100, 100, 50]
    assert extractor.batches[:4] == [1, 100, 100, 50]
    assert evaluation.words == 750
    assert evaluation.words_per_second == pytest.approx(750 / evaluation.seconds)


def test_the_json_matches_its_published_schema_and_the_schema_checks_something() -> None:
    talk = chat("my hub lost the connection")
    gold = [labelled(talk, gold_span(talk, "hub", PRODUCT, kind="named"), gold_span(talk, "lost", ISSUE))]
    wrong = Oracle([labelled(talk, GoldSpan(0, 3, 6, ISSUE), GoldSpan(0, 20, 26, PRODUCT))])
    schema = json.loads(files("earmark.evaluate").joinpath("schema.json").read_text("utf-8"))
    one, other = measured(gold), measured(gold, wrong)
    flat, compared = as_json(gold, one), as_json(gold, one, other)
    assert list(violations(flat, schema, schema)) == []
    assert list(violations(compared, schema, schema)) == []
    assert len(compared["pipelines"]) == 2
    assert {error["kind"] for error in compared["pipelines"][1]["errors"]} == {
        "wrong_label",
        "missed",
        "invented",
    }
    flat["labels"][PRODUCT]["exact"]["tp"] = "many"
    del compared["pipelines"][0]["words_per_second"]
    assert list(violations(flat, schema, schema)) == ["$.labels.PRODUCT.exact.tp is no integer"]
    assert list(violations(compared, schema, schema)) == ["$.pipelines[0] lacks words_per_second"]


def test_errors_are_in_the_json_only_when_asked_for() -> None:
    gold = [labelled(chat("hub"))]
    assert "errors" not in as_json(gold, measured(gold), errors=False)
