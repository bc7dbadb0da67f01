"""`earmark extract`: conversations in, entities out, offline and without a journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli import common, streams

if TYPE_CHECKING:
    from earmark.assemble import Workshop
    from earmark.model import Conversation, Findings, Rejected


def extract(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="JSONL, CSV or Parquet (.gz too); - is JSONL from stdin.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PATH", help="A .jsonl, .csv or .parquet file; else stdout."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is below the threshold, or was not raised.")
    ] = False,
    threshold: common.ThresholdOption = None,
    review: common.ReviewOption = None,
    catalog: common.CatalogOption = None,
    model: common.ModelOption = None,
    scorer: common.ScorerOption = None,
    calibration: common.CalibrationOption = None,
    limit: common.LimitOption = None,
) -> None:
    """Find products and issues in a file: one JSON object a conversation, with offsets and confidences."""
    from earmark.assemble import workshop
    from earmark.writers import export

    source = file if file == "-" else f"files:{file}"
    flags = common.cuts(threshold, review) | {"catalog": catalog, "model": model, "scorer": scorer}
    flags["calibration"] = calibration
    rejected: list[Rejected] = []
    with workshop(common.settings(source=source, **flags), common.talk) as opened:
        found = _analysed(opened, rejected, everything=everything, limit=limit)
        if output is not None:
            opened.refuse_source(output)
            export.write(found, output)
        else:
            for conversation, findings in found:
                common.line(export.as_object(conversation, findings))
                if streams.unread():
                    break
    for reject in rejected:
        common.talk(f"skipped {reject.where}: {reject.reason}")
    raise typer.Exit(3 if rejected else 0)


def _analysed(
    opened: Workshop, rejected: list[Rejected], *, everything: bool, limit: int | None
) -> Iterator[tuple[Conversation, Findings]]:
    from itertools import islice

    from earmark.flow import extracted
    from earmark.model import Verdict

    found = extracted(opened.source(), opened.extractor(), opened.judge(), rejected.append)
    for conversation, findings in islice(found, limit):
        told = tuple(d for d in findings.decisions if everything or d.verdict is Verdict.KEEP)
        yield conversation, replace(findings, decisions=told)
