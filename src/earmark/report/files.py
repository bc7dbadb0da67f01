"""A report on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from earmark.drafts import drafted
from earmark.errors import OutputError
from earmark.report.as_csv import pairs_to_csv, to_csv
from earmark.report.as_json import to_json
from earmark.report.html import to_html
from earmark.report.shape import Report


def write(report: Report, path: Path) -> None:
    """Write the report in the form that the ending names: .html, .json, .csv, or .pairs.csv.

    The file appears whole or not at all; an earlier one stays until then.

    Raises:
        OutputError: The ending is another one, or the file cannot be written.
    """
    render = _renderer(path)
    # A lone surrogate cannot be encoded; a question mark in its place loses nothing else.
    content = render(report).encode("utf-8", "replace")
    try:
        with drafted(path) as file:
            file.write(content)
    except OSError as error:
        raise OutputError(
            f"the report cannot be written to {path}: {error.strerror}",
            hint="choose another folder, or make room in this one, and run `earmark report` again",
        ) from error


def _renderer(path: Path) -> Callable[[Report], str]:
    """How a report is put into the form that the ending names.

    Raises:
        OutputError: There is no such form.
    """
    endings = [ending for ending in RENDERERS if path.suffix and f".{path.name.lower()}".endswith(ending)]
    if not endings:
        raise OutputError(
            f"a report cannot be written as {path.name!r}",
            hint=f"give the file one of these endings: {', '.join(RENDERERS)}",
        )
    return RENDERERS[max(endings, key=len)]


def check_place(path: Path) -> None:
    """See ahead of a run that its report will have a form and a folder.

    Raises:
        OutputError: It will not.
    """
    _renderer(path)
    if not path.absolute().parent.is_dir():
        raise OutputError(f"there is no folder {path.parent} for the report", hint="create it first")


def _json_text(report: Report) -> str:
    return json.dumps(to_json(report), ensure_ascii=False, indent=2) + "\n"


RENDERERS: dict[str, Callable[[Report], str]] = {
    ".html": to_html,
    ".json": _json_text,
    ".csv": to_csv,
    ".pairs.csv": pairs_to_csv,
}
"""By ending; the longest that fits."""
