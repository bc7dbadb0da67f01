"""The report in a terminal: what was found, what needs attention, where requests and time went."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from earmark.model import ISSUE, PRODUCT, Verdict
from earmark.report.names import printable, unique_names
from earmark.report.promises import note, promises
from earmark.report.shape import ASIDE, EntityStats, Report
from earmark.report.wording import count, span

TOP = 10
TROUBLES = 6
WIDE = 130
NAME = 34
BAR = 16
FIGURES = 26  # columns that the figures of a chart and the gaps between them take
SETTLED = 10  # columns that the share resolved takes beside them
ROOMY = 54
ACCENTS = {PRODUCT: "cyan", ISSUE: "yellow"}
EIGHTHS = " ▏▎▍▌▋▊▉"
ARROWS = {"up": "▲", "down": "▼", "steady": "·"}


def print_summary(report: Report, console: Console) -> None:
    """Print the report, side by side where the console is wide. Names cannot style or move anything."""
    console.print()
    console.print(_headline(report))
    console.print()
    wide = console.width >= WIDE
    room = console.width // 2 if wide else console.width
    charts = [_chart(report, PRODUCT, "Products", room), _chart(report, ISSUE, "Issues", room)]
    if wide:
        side_by_side = Table.grid(expand=True)
        side_by_side.add_column(width=room)
        side_by_side.add_column(width=room)
        side_by_side.add_row(*charts)
        console.print(side_by_side)
    else:
        console.print(Group(*charts))
    if not_counted := _not_counted(report):
        console.print()
        console.print(not_counted)
    if report.attention.total:
        console.print()
        console.print(_attention(report))
    console.print()
    for line in _footer(report):
        console.print(line)


def _headline(report: Report) -> Text:
    totals = report.totals
    line = Text("  ")
    line.append(f"{totals.processed:,}", style="bold")
    line.append(f" {'conversation' if totals.processed == 1 else 'conversations'} processed")
    if totals.processed:
        line.append(f", {totals.with_entities / totals.processed:.0%} with a product or an issue")
    if report.weeks:
        first, last = report.weeks[0].name, report.weeks[-1].name
        line.append(f"   {first}" if first == last else f"   {first} to {last}", style="dim")
    if report.run.dry_run:
        line.append("   dry run, nothing was written", style="bold magenta")
    return line


def _chart(report: Report, label: str, title: str, room: int) -> RenderableType:
    entities = report.of(label)
    accent = ACCENTS[label]
    heading = Text(f"  {title}  {len(entities):,}", style=f"bold {accent}")
    if not entities:
        return Group(heading, Text("  none found", style="dim"))
    settled = label == ISSUE and report.asserted and room >= ROOMY
    spare = max(room - FIGURES - SETTLED * settled, 6)
    bar = min(BAR, spare // (4 if settled else 3))
    table = Table(box=None, padding=(0, 1))
    table.add_column(Text(), no_wrap=True, overflow="ellipsis", width=min(NAME, spare - bar))
    table.add_column(Text(), no_wrap=True, width=bar)
    table.add_column(Text("conv.", style="dim"), justify="right", no_wrap=True, width=7)
    table.add_column(Text("share", style="dim"), justify="right", no_wrap=True, width=6)
    if settled:
        table.add_column(Text("resolved", style="dim"), justify="right", no_wrap=True, width=8)
    table.add_column(Text(), width=1)
    names = unique_names(entities)
    most = entities[0].conversations
    for entity in entities[:TOP]:
        name, filled = names[label, entity.id], _bar(entity.conversations / most, bar)
        table.add_row(*_row(entity, name, Text(filled, style=accent), settled=settled))
    rest = len(entities) - TOP
    return Group(heading, table, Text(f"  and {rest:,} more" if rest > 0 else "", style="dim"))


def _row(entity: EntityStats, name: str, bar: Text, *, settled: bool) -> tuple[Text, ...]:
    arrow = ARROWS[entity.trend.direction] if entity.trend else ""
    resolved = [Text(f"{entity.resolved_share.value:.0%}", style="dim")] if settled else []
    return (
        Text(f" {printable(name) or printable(entity.id)}"),
        bar,
        Text(f"{entity.conversations:,}"),
        Text(f"{entity.share.value:.1%}", style="dim"),
        *resolved,
        Text(arrow, style="dim" if arrow == "·" else "bold"),
    )


def _bar(fraction: float, width: int) -> str:
    eighths = max(1, round(fraction * width * 8))
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def _not_counted(report: Report) -> RenderableType | None:
    """One line: what was found and not raised, and what waits for a person."""
    said = {kind.value: sum(label.aside[kind] for label in report.labels) for kind in ASIDE}
    said["left for review"] = sum(label.findings[Verdict.REVIEW] for label in report.labels)
    parts = [f"{number:,} {kind}" for kind, number in said.items() if number]
    return Padding(Text(f"Found, and not counted: {', '.join(parts)}"), (0, 2)) if parts else None


def _attention(report: Report) -> RenderableType:
    attention = report.attention
    table = Table(box=None, padding=(0, 1), show_header=False)
    needs = "conversation needs" if attention.total == 1 else "conversations need"
    heading = Text(f"  {attention.total:,} {needs} attention", style="bold red")
    table.add_column(no_wrap=True)
    table.add_column(justify="right")
    table.add_column()
    for state, reason, number in attention.reasons[:TROUBLES]:
        table.add_row(Text(f" {state.value}", style="red"), Text(f"{number:,}"), Text(printable(reason)))
    if len(attention.reasons) > TROUBLES:
        table.add_row(Text(" …", style="dim"), Text(), Text("more reasons are in the report", style="dim"))
    return Group(heading, table)


def _footer(report: Report) -> Iterator[RenderableType]:
    usage = report.run.usage
    spent = [f"run {printable(report.run.id)}"]
    if report.duration_seconds is not None:
        spent.append(span(report.duration_seconds))
    spent.append(count(usage.requests, "request"))
    if report.requests_per_conversation is not None:
        spent[-1] += f" ({report.requests_per_conversation:.2f} a conversation)"
    if usage.throttled:
        spent.append(f"throttled {count(usage.throttled, 'time')}")
    if usage.waited_seconds >= 0.05:
        spent.append(f"waited {span(usage.waited_seconds)}")
    yield Padding(Text(" · ".join(spent), style="dim"), (0, 2))
    yield Padding(Text(note(report), style="dim"), (0, 2))
    if report.certificates:
        for promise in promises(report).values():
            yield Padding(Text(printable(promise), style="dim"), (0, 2))
