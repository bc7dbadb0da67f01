"""What a run found and the catalog does not know: proposed as new entries, or as aliases of what comes close."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from earmark.catalog.csv_file import COLUMNS
from earmark.catalog.entry import Entry
from earmark.catalog.index import Likeness, words_of
from earmark.catalog.linker import CatalogLinker
from earmark.catalog.words import GENERIC
from earmark.model import ISSUE, PRODUCT, EntityRow, Verdict
from earmark.naming import normal_form, product_form

NEW, ALIAS = "entry", "alias"
_MOST_FORMS = 5
_NOTHING_CLOSE = "nothing in the catalog comes close"
_A_KIND = "everyday words: a kind of thing rather than one product"
_PREFIX = {PRODUCT: "prd", ISSUE: "iss"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A name to take into the catalog: a new `entry`, or an `alias` of the `nearest` one; `why` in words.

    An alias without a nearest entry fits several equally well.
    """

    kind: str
    label: str
    name: str
    conversations: int
    forms: tuple[str, ...]
    why: str
    nearest: Entry | None = None


@dataclass(slots=True)
class _Group:
    conversations: set[str] = field(default_factory=set)
    forms: Counter[str] = field(default_factory=Counter)


def suggest(
    rows: Iterable[EntityRow],
    entries: Sequence[Entry],
    least: int,
    personal: Callable[[str], bool],
) -> list[Suggestion]:
    """Names without an entry in at least `least` conversations, the commonest first.

    What was dropped does not count, nor what is `personal`; names that the catalog links by now are left out.
    """
    linker = CatalogLinker(entries)
    groups = _grouped(rows, personal)
    found = [
        _suggestion(linker, label, name, group)
        for (label, name), group in groups.items()
        if len(group.conversations) >= least and linker.find(label, name) is None
    ]
    return sorted(found, key=lambda each: (-each.conversations, each.label, each.name))


def _grouped(rows: Iterable[EntityRow], personal: Callable[[str], bool]) -> dict[tuple[str, str], _Group]:
    groups: dict[tuple[str, str], _Group] = {}
    for row in rows:
        if row.linked or row.verdict is Verdict.DROP or personal(row.name):
            continue
        name = product_form(row.name) if row.label == PRODUCT else normal_form(row.name)
        group = groups.setdefault((row.label, name), _Group())
        group.conversations.add(row.conversation_id)
        group.forms.update(form for form in row.forms if not personal(form))
    return groups


def _suggestion(linker: CatalogLinker, label: str, name: str, group: _Group) -> Suggestion:
    kind, nearest, why = _nearest(linker, label, name)
    commonest = sorted(group.forms, key=lambda form: (-group.forms[form], form))
    return Suggestion(
        kind, label, name, len(group.conversations), tuple(commonest[:_MOST_FORMS]), why, nearest
    )


def _nearest(linker: CatalogLinker, label: str, name: str) -> tuple[str, Entry | None, str]:
    """Entry or alias, the entry that comes closest, and what keeps the name from linking to it."""
    index = linker.index(label)
    fits = index.fits(name)
    if fits:
        rivals = [linker.entries[fit.index] for fit in fits if fit.rank == fits[0].rank]
        return ALIAS, None, f"fits {' and '.join(entry.id for entry in rivals[:3])} equally well"
    like = index.like(name)
    if like is None:
        return NEW, None, _A_KIND if GENERIC.issuperset(words_of(name)) else _NOTHING_CLOSE
    entry = linker.entries[like.index]
    kind, why = _difference(like, entry)
    return kind, entry, why


def _difference(like: Likeness, entry: Entry) -> tuple[str, str]:
    """Entry or alias, and the rule that keeps a name from linking to what is most like it."""
    missing, extra = " ".join(like.missing), " ".join(like.extra)
    if any(map(_has_digit, like.missing)) and any(map(_has_digit, like.extra)):
        return NEW, f"has other numbers than {entry.name!r}: {extra}, not {missing}"
    if missing and extra:
        return NEW, f"has {extra!r} where {entry.name!r} has {missing!r}"
    if extra:
        return NEW, f"says more than {entry.name!r}: {extra!r}"
    if missing and like.rivals:
        return (
            NEW,
            f"is part of {like.rivals + 1} names, such as {entry.name!r}; a short name of theirs, perhaps",
        )
    if missing:
        return ALIAS, f"lacks {missing!r} of {entry.name!r}"
    return ALIAS, f"is spelt further from {entry.name!r} than a word may be"


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


def as_rows(suggestions: Iterable[Suggestion], entries: Iterable[Entry]) -> list[dict[str, str]]:
    """Catalog rows by column: new ones, and those of known entries with the aliases added, each entry once.

    What fits several entries is left to a person.
    """
    taken = {entry.id for entry in entries}
    known: dict[str, Entry] = {}
    for each in suggestions:
        if each.kind == NEW:
            entry = _new_entry(each, taken)
            taken.add(entry.id)
            known[entry.id] = entry
        elif each.nearest is not None:
            entry = known.get(each.nearest.id, each.nearest)
            known[entry.id] = replace(entry, aliases=(*entry.aliases, each.name.replace("|", " ")))
    return [_row(entry) for entry in known.values()]


def _new_entry(each: Suggestion, taken: set[str]) -> Entry:
    slug = "-".join((_PREFIX.get(each.label, each.label.lower()), *words_of(each.name)))
    number = next(n for n in range(1, len(taken) + 2) if (slug if n == 1 else f"{slug}-{n}") not in taken)
    identity = slug if number == 1 else f"{slug}-{number}"
    return Entry(identity, _as_name(each.forms) or each.name, each.label)


def _as_name(forms: Sequence[str]) -> str:
    """The commonest form, with capitals where somebody wrote it so ("Hulu" rather than "hulu" or "HULU")."""
    alike = [form for form in forms if form.casefold() == forms[0].casefold()]
    return next(
        (form for form in alike if not form.islower() and not form.isupper()), alike[0] if alike else ""
    )


def _row(entry: Entry) -> dict[str, str]:
    cells = {
        "id": entry.id,
        "name": entry.name,
        "label": entry.label,
        "aliases": "|".join(entry.aliases),
        "pattern": "|".join(f"(?:{pattern})" for pattern in entry.patterns)
        if len(entry.patterns) > 1
        else "".join(entry.patterns),
        "case_sensitive": "yes" if entry.case_sensitive else "",
        "family": entry.family,
        "parent": entry.parent,
        "short": "|".join(entry.short),
    }
    return {column: cells[column] for column in COLUMNS}
