"""`earmark erase`: take everything that the journal keeps of conversations away, for good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli import common
from earmark.errors import ConfigError, InputError, JournalError

if TYPE_CHECKING:
    from earmark.journal import Journal, Trace

SCHEMA = "earmark.erase/1"
NAMED = 5  # conversations that a message names
_STANDS = "what Earmark wrote still stands in {} of these conversations ({}); once they are erased it cannot be undone"


def erase(
    conversations: Annotated[
        list[str] | None, typer.Argument(metavar="CONVERSATION...", help="Conversations by id.")
    ] = None,
    file: Annotated[Path | None, typer.Option(metavar="FILE", help="More ids, one a line.")] = None,
    gone: Annotated[
        bool, typer.Option("--gone", help="Those that the latest run found deleted at the service.")
    ] = False,
    keep_attributes: Annotated[
        bool, typer.Option("--keep-attributes", help="Leave what was written where it is, for good.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased.")] = False,
    journal: common.JournalOption = None,
    json: common.JsonOption = False,
) -> None:
    """Take everything that the journal keeps of conversations away, for good. Safe to repeat."""
    ids = [*(conversations or []), *(_ids_in(file) if file else [])]
    if not ids and not gone and file is None:
        raise ConfigError("no conversation is named", hint="name ids, --file or --gone")
    path = common.settings(journal=journal).journal
    if dry_run:
        with common.reading(path) as book:
            traces = _traces(book, ids, gone=gone)
    else:
        if not path.exists():
            raise JournalError(f"there is no journal at {path}", hint="pass --journal")
        with common.writing(path) as book:
            traces = _traces(book, ids, gone=gone)
            _refuse_standing(traces, keep_attributes=keep_attributes)
            book.erase([trace.conversation_id for trace in traces])
    _print(traces, dry_run=dry_run, as_json=json)


def _ids_in(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}",
            hint="write one conversation id a line; nothing was erased",
        ) from None
    return [line.strip() for line in lines if line.strip()]


def _traces(book: Journal, ids: Iterable[str], *, gone: bool) -> list[Trace]:
    return book.traces(dict.fromkeys((*ids, *(book.gone() if gone else ()))))


def _refuse_standing(traces: Sequence[Trace], *, keep_attributes: bool) -> None:
    """What stands at the service is not forgotten by accident: afterwards nobody can undo it."""
    left = [trace for trace in traces if _left(trace)]
    if not left or keep_attributes:
        return
    undo = ", ".join(f"earmark undo {run}" for run in _runs(left))
    raise ConfigError(
        f"{_STANDS.format(len(left), _named(left))}. Nothing was erased",
        hint=f"take the runs back ({undo}), or leave the attributes where they are with --keep-attributes",
    )


def _named(traces: Sequence[Trace]) -> str:
    more = ", …" if len(traces) > NAMED else ""
    return ", ".join(trace.conversation_id for trace in traces[:NAMED]) + more


def _left(trace: Trace) -> bool:
    """Whether attributes stay behind; where the conversation is gone, they went with it."""
    return bool(trace.standing) and not trace.gone


def _runs(traces: Iterable[Trace]) -> list[str]:
    return sorted({run for trace in traces for run in trace.standing}, reverse=True)


def _status(trace: Trace, *, dry_run: bool) -> str:
    if trace.runs:
        return "to_erase" if dry_run else "erased"
    return "already_erased" if trace.erased else "unknown"


def _print(traces: Sequence[Trace], *, dry_run: bool, as_json: bool) -> None:
    listed = [
        {
            "id": trace.conversation_id,
            "status": _status(trace, dry_run=dry_run),
            "runs": trace.runs,
            "gone": trace.gone,
            "written_by": list(trace.standing),
        }
        for trace in traces
    ]
    counts = Counter(_status(trace, dry_run=dry_run) for trace in traces)
    if as_json:
        common.emit({"schema": SCHEMA, "dry_run": dry_run, "counts": counts, "conversations": listed})
    else:
        for trace in traces:
            common.say(_line(trace, dry_run=dry_run))
        told = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in sorted(counts.items()))
        common.say(f"erase: {told or 'no conversation is gone'}")
    left = [trace for trace in traces if _left(trace)]
    if left and not dry_run:
        common.talk(_what_stays(left))
    elif left:
        common.talk(_STANDS.format(len(left), _named(left)))


def _line(trace: Trace, *, dry_run: bool) -> str:
    about = {
        "to_erase": f"would be erased from {trace.runs} {_times(trace.runs)}",
        "erased": f"erased from {trace.runs} {_times(trace.runs)}",
        "already_erased": "was erased before",
        "unknown": "is not in this journal; if it is ever listed, it is left out",
    }
    return f"{trace.conversation_id}: {about[_status(trace, dry_run=dry_run)]}"


def _times(runs: int) -> str:
    return "run" if runs == 1 else "runs"


def _what_stays(left: Sequence[Trace]) -> str:
    return (
        f"what {', '.join(_runs(left))} wrote into {len(left)} of these conversations stays there: "
        "only the journal is erased, and `earmark undo` no longer knows of it"
    )
