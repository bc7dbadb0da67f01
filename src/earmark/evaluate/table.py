"""An evaluation in a terminal. What comes from files is shown without control characters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from earmark.evaluate.calibration import Calibration
from earmark.evaluate.figures import Cell, Figures, Rate
from earmark.evaluate.mistakes import Mistake
from earmark.evaluate.run import Evaluation, Yardstick
from earmark.evaluate.score import (
    BY_KIND,
    BY_LABEL,
    BY_SENDER,
    BY_SOURCE,
    DOCUMENT,
    DOCUMENT_FOUND,
    DOCUMENT_OVERLAP,
    EXACT,
    FULL,
    OVERLAP,
)
from earmark.gold import LABELS, GoldFile

VIEWS = (EXACT, FULL, OVERLAP, DOCUMENT, DOCUMENT_FOUND, DOCUMENT_OVERLAP)
BASELINES = {"model": "the model's probability", "isotonic": "isotonic on it", "surface": "its look alone"}
MOST_SOURCES = 20
NOTHING = "–"

Plain = Callable[[str], str]
"""Makes a text safe for the terminal."""


def print_evaluation(
    console: Console, stick: Yardstick, files: Iterable[GoldFile], evaluation: Evaluation, plain: Plain
) -> None:
    """All figures of one pipeline."""
    console.print(_heading(stick, files, plain))
    _print(console, _main_table(evaluation))
    for part, title in ((BY_SOURCE, "source"), (BY_SENDER, "sender"), (BY_KIND, "kind")):
        table = _part_table(evaluation, part, title, plain)
        if table.row_count:
            _print(console, table)
    if evaluation.confidence is not None:
        _print(console, _confidence_table(evaluation))
    console.print()
    for line in _footer(evaluation, plain):
        console.print(Padding(line, (0, 2), expand=False))


def print_comparison(
    console: Console,
    stick: Yardstick,
    files: Iterable[GoldFile],
    evaluations: Sequence[Evaluation],
    plain: Plain,
) -> None:
    """F1 of all pipelines side by side, each label by itself."""
    console.print(_heading(stick, files, plain))
    for label in LABELS:
        table = _table(
            label,
            *("exact F1", "overlap F1", "document\nP", "document\nR", "document\nF1", "ece", "words/s"),
            gap=1,
        )
        for evaluation in evaluations:
            views = {
                view: evaluation.figures[Cell(BY_LABEL, "", label, view)]
                for view in (EXACT, OVERLAP, DOCUMENT)
            }
            table.add_row(
                Text(plain(evaluation.pipeline.name)),
                _rate(views[EXACT].f1),
                _rate(views[OVERLAP].f1),
                _number(views[DOCUMENT].precision.value),
                _number(views[DOCUMENT].recall.value),
                _rate(views[DOCUMENT].f1),
                _number(_ece(evaluation.calibration[label].overlap), 3),
                _speed(evaluation),
            )
        _print(console, table)


def print_mistakes(console: Console, mistakes: Sequence[Mistake], plain: Plain) -> None:
    """One block an error: where it is, and the text with {gold} and [found] marked."""
    console.print(Text(f"\n  {_count(len(mistakes), 'error')}, {{gold}} and [found]", style="bold"))
    for mistake in mistakes:
        about = [mistake.kind.replace("_", " "), mistake.label, mistake.where, mistake.conversation]
        about += [f"message {mistake.message}", mistake.sender, *_extents(mistake)]
        console.print(Text(f"  {plain('  '.join(about))}", style="dim"), soft_wrap=True)
        console.print(Text(f"      {plain(mistake.marked)}"), soft_wrap=True)


def _extents(mistake: Mistake) -> list[str]:
    parts = []
    if mistake.gold:
        parts.append(f"gold {mistake.gold.start}–{mistake.gold.end}")
    if mistake.found:
        found = mistake.found
        sure = "" if found.probability is None else f" {found.probability:.2f}"
        label = "" if found.label == mistake.label else f" as {found.label}"
        parts.append(f"found {found.start}–{found.end}{label} by {found.source}{sure}")
    return parts


def _heading(stick: Yardstick, files: Iterable[GoldFile], plain: Plain) -> Text:
    names = ", ".join(plain(file.name) for file in files)
    spans = " and ".join(f"{count:,} {label}" for label, count in stick.support.items())
    line = Text(f"\n  {_count(len(stick.conversations), 'conversation')}", style="bold")
    return line.append(
        f", {_count(stick.messages, 'message')}, {_count(stick.words, 'word')}, {spans} spans  ({names})",
        style="not bold",
    )


def _print(console: Console, table: Table) -> None:
    console.print()
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _table(first: str, *others: str, gap: int = 2) -> Table:
    """Columns that wrap in a narrow terminal: a number that is cut off says something else."""
    table = Table(box=None, padding=(0, gap, 0, 0), header_style="bold")
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table


def _main_table(evaluation: Evaluation) -> Table:
    table = _table("", "precision", "recall", "F1", "right", "invented", "missed")
    for label in LABELS:
        table.add_row(Text(f"{label}  {evaluation.support[label]:,}", style="bold"))
        for view in VIEWS:
            figures = evaluation.figures.get(Cell(BY_LABEL, "", label, view))
            if figures is not None:
                table.add_row(
                    f"  {view.replace('_', ' ')}",
                    _rate(figures.precision),
                    _rate(figures.recall),
                    _rate(figures.f1),
                    *(f"{count:,}" for count in figures.counts),
                )
    return table


def _part_table(evaluation: Evaluation, part: str, title: str, plain: Plain) -> Table:
    """One row a value and label, the most supported values first."""
    measure = "recall" if part == BY_KIND else "F1"
    table = _table(f"by {title}", "", "spans", f"exact {measure}", f"overlap {measure}")
    rows = sorted(_supported(evaluation, part), key=lambda row: (-row[0], row[1]))
    for _, value in rows[:MOST_SOURCES]:
        for label in LABELS:
            views = [evaluation.figures.get(Cell(part, value, label, view)) for view in (EXACT, OVERLAP)]
            if any(views):
                shown = [_measured(figures, part) for figures in views]
                support = sum(figures.counts.tp + figures.counts.fn for figures in views[:1] if figures)
                table.add_row(Text(plain(value)), label, f"{support:,}", *shown)
    if len(rows) > MOST_SOURCES:
        table.add_row(f"… and {len(rows) - MOST_SOURCES} more with --json")
    return table


def _confidence_table(evaluation: Evaluation) -> Table:
    """The confidence in force, and below it what it has to beat on the same entities."""
    scorer = evaluation.pipeline.judge.scorer
    table = _table("confidence", "entities", "ece", "Brier", "AUROC")
    kind = scorer.facts.get("kind")
    in_force = {f"{scorer.name} ({kind})": evaluation.confidence, "  chosen alone": evaluation.chosen}
    others = {f"against {BASELINES.get(name, name)}": known for name, known in evaluation.baselines.items()}
    for name, known in (in_force | others).items():
        if known is not None:
            figures = (_number(known.ece, 3), _number(known.brier, 3), _number(known.auroc, 3))
            table.add_row(name, f"{known.count:,}", *figures)
    return table


def _supported(evaluation: Evaluation, part: str) -> Iterable[tuple[int, str]]:
    cells = [(cell, figures.counts) for cell, figures in evaluation.figures.items() if cell.part == part]
    for value in {cell.value for cell, _ in cells}:
        yield sum(c.tp + c.fn for cell, c in cells if cell.value == value and cell.view == EXACT), value


def _measured(figures: Figures | None, part: str) -> str:
    if figures is None:
        return NOTHING
    return _rate(figures.recall if part == BY_KIND else figures.f1)


def _footer(evaluation: Evaluation, plain: Plain) -> Iterable[Text]:
    for label in LABELS:
        known = evaluation.calibration[label]
        if known.overlap and known.exact:
            yield Text(
                f"{label} probability: ece {_number(known.overlap.ece, 3)} (exact {_number(known.exact.ece, 3)}), "
                f"Brier {_number(known.overlap.brier, 3)} over {known.overlap.count:,} mentions"
            )
        else:
            yield Text(f"{label} probability: none is given")
    yield Text(f"{_speed(evaluation)} words/s, loaded in {evaluation.pipeline.load_seconds:.1f} s")
    facts = evaluation.pipeline.extractor.facts
    cuts = ", ".join(f"{label} {evaluation.pipeline.judge.policy.cut(label):g}" for label in LABELS)
    yield Text(
        plain(
            f"pipeline {evaluation.pipeline.name}: model {facts.get('model', NOTHING)}, catalog "
            f"{facts.get('catalog', NOTHING)}, {facts.get('rules', NOTHING)}; kept from {cuts}"
        ),
        style="dim",
    )


def _count(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else one + 's'}"


def _speed(evaluation: Evaluation) -> str:
    speed = evaluation.words_per_second
    return NOTHING if speed is None else f"{speed:,.0f}"


def _ece(known: Calibration | None) -> float | None:
    return known.ece if known else None


def _number(value: float | None, digits: int = 2) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"


def _rate(rate: Rate) -> str:
    if rate.value is None or rate.interval is None:
        return NOTHING
    low, high = rate.interval
    return f"{rate.value:.3f} ({low:.2f}–{high:.2f})"
