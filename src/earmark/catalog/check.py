"""Everything that is wrong or doubtful with catalog files, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from earmark.catalog.entry import Entry, Problem
from earmark.catalog.index import bare
from earmark.catalog.names import NameFinder
from earmark.catalog.reading import read_catalogs
from earmark.catalog.spelling import SpellingTable, squash
from earmark.catalog.words import FUNCTION_WORDS, TIERS
from earmark.errors import CatalogError
from earmark.naming import as_typed, normal_form
from earmark.regexes import PatternSet


def check_catalogs(paths: Sequence[Path]) -> tuple[tuple[Entry, ...], list[Problem]]:
    """The entries that are good by themselves, and every problem in the order of the files and lines."""
    items = list(read_catalogs(paths))
    entries = tuple(item for item in items if isinstance(item, Entry))
    problems = [item for item in items if isinstance(item, Problem)]
    problems += SpellingTable(entries).problems
    problems += _patterns_too_large(entries)
    problems += _same_to_the_matcher(entries)
    problems += _doubtful_short_names(entries)
    problems += _plans_alone(entries)
    return entries, sorted(problems, key=_place)


def _place(problem: Problem) -> tuple[str, int, bool]:
    name, _, line = problem.where.rpartition(":")
    return (name, int(line), not problem.severe) if line.isdigit() else (problem.where, 0, not problem.severe)


def _patterns_too_large(entries: Iterable[Entry]) -> Iterator[Problem]:
    """Each compiles by itself; together they may be too large."""
    with_patterns = [entry for entry in entries if entry.patterns]
    try:
        PatternSet([(text, entry.case_sensitive) for entry in with_patterns for text in entry.patterns])
    except CatalogError as error:
        yield Problem(with_patterns[-1].where, error.message, error.hint or "")


def _same_to_the_matcher(entries: Iterable[Entry]) -> Iterator[Problem]:
    """Aliases that add nothing: another name of the entry is found in their place as well."""
    for entry in entries:
        known: dict[str, str] = {}
        for form in entry.surface_forms if entry.aliases else ():
            other = known.setdefault(squash(as_typed(form).casefold()), form)
            if other != form and _is_found_by(other, form, entry):
                yield Problem(
                    entry.where,
                    f"{form!r} differs from {other!r} only in capitals, spaces or hyphens, which are ignored",
                    severe=False,
                )


def _is_found_by(name: str, text: str, entry: Entry) -> bool:
    finder = NameFinder([replace(entry, name=name, aliases=(), spelled=True)])
    return any((found.start, found.end) == (0, len(text)) for found in finder(text))


def _plans_alone(entries: Iterable[Entry]) -> Iterator[Problem]:
    """Names like "Team" or "Pro": only capitals tell that no team is meant, and they are not looked at."""
    for entry in entries:
        for form in () if entry.case_sensitive else entry.surface_forms:
            if form.casefold() in TIERS:
                yield Problem(
                    entry.where,
                    f"{form!r} is an everyday word, and {entry.id!r} is found wherever somebody writes it",
                    "put it into the column short, or make the row case_sensitive",
                    severe=False,
                )


def _doubtful_short_names(entries: Sequence[Entry]) -> Iterator[Problem]:
    """Short names that are ignored, and those that another entry has as its full name: that one always wins."""
    short = {bare(form) for entry in entries for form in entry.short}
    if not short:
        return
    full = {
        (entry.label, key): entry
        for entry in entries
        for form in entry.surface_forms
        if (key := bare(form)) in short
    }
    for entry in entries:
        for form in entry.short:
            doubt = _doubt(form, full.get((entry.label, bare(form))))
            if doubt:
                yield Problem(entry.where, f"the short name {normal_form(form)!r} is {doubt}", severe=False)


def _doubt(short: str, other: Entry | None) -> str:
    if bare(short) in FUNCTION_WORDS:
        return "a common word and was ignored"
    return f"a full name of {other.id!r} ({other.where}), which wins" if other else ""
