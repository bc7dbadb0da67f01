"""Fault 29: the Unicode table. A name is found however it is disguised, where it stands in the text as received."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from earmark.catalog import Entry
from earmark.extract import ExtractConfig, open_extractor, packaged
from earmark.model import Conversation, Mention, Message, Sender
from exam.rows import Row

ENTRIES = (Entry("acme", "Acme Router"), Entry("cafe", "Café Crème"))
Golden = tuple[str, str, str | None, str]
GOLDEN: Sequence[Golden] = (
    ("plain", "my Acme Router is broken", "acme", "Acme Router"),
    ("zero width space", "my Ac\u200bme Rou\u200bter is broken", "acme", "Ac\u200bme Rou\u200bter"),
    ("zero width joiner", "my Ac\u200dme Router is broken", "acme", "Ac\u200dme Router"),
    ("zero width non-joiner", "my Ac\u200cme Router is broken", "acme", "Ac\u200cme Router"),
    ("word joiner", "my Ac\u2060me Router is broken", "acme", "Ac\u2060me Router"),
    ("soft hyphen", "my Ac\u00adme Rou\u00adter is broken", "acme", "Ac\u00adme Rou\u00adter"),
    ("byte order mark", "\ufeffAcme Router is broken", "acme", "Acme Router"),
    ("NUL", "my Ac\0me Router is broken", "acme", "Ac\0me Router"),
    ("DEL", "my Ac\x7fme Router is broken", "acme", "Ac\x7fme Router"),
    ("C1 control", "my Ac\x9bme Router is broken", "acme", "Ac\x9bme Router"),
    ("right-to-left override", "my \u202eAcme Router\u202c is broken", "acme", "Acme Router"),
    ("spelt backwards under it", "my \u202eretuoR emcA\u202c is broken", None, ""),
    ("isolates", "my \u2066Acme Router\u2069 is broken", "acme", "Acme Router"),
    ("full width", "my Ａｃｍｅ　Ｒｏｕｔｅｒ is broken", "acme", "Ａｃｍｅ　Ｒｏｕｔｅｒ"),
    ("mathematical letters", "my 𝐀𝐜𝐦𝐞 𝐑𝐨𝐮𝐭𝐞𝐫 is broken", "acme", "𝐀𝐜𝐦𝐞 𝐑𝐨𝐮𝐭𝐞𝐫"),
    ("composed", "the Caf\u00e9 Cr\u00e8me is broken", "cafe", "Caf\u00e9 Cr\u00e8me"),
    ("combining", "the Cafe\u0301 Cre\u0300me is broken", "cafe", "Cafe\u0301 Cre\u0300me"),
    ("variation selector", "my Acm\ufe0fe Router is broken", "acme", "Acm\ufe0fe Router"),
    ("variation selector above", "my Acm\U000e0100e Router is broken", "acme", "Acm\U000e0100e Router"),
    ("tag character", "my Acm\U000e0041e Router is broken", "acme", "Acm\U000e0041e Router"),
    ("grapheme joiner", "my Ac\u034fme Router is broken", "acme", "Ac\u034fme Router"),
    ("Hangul filler", "my Ac\u3164me Router is broken", "acme", "Ac\u3164me Router"),
    ("noncharacter", "my Ac\ufdd0me \U0001ffffRouter is broken", "acme", "Ac\ufdd0me \U0001ffffRouter"),
    ("U+FFFE", "my Ac\ufffeme Router is broken", "acme", "Ac\ufffeme Router"),
    ("high surrogate beside", "\ud83d Acme Router is broken", "acme", "Acme Router"),
    ("low surrogate beside", "my Acme Router \ude00 is broken", "acme", "Acme Router"),
    ("surrogate inside", "my Ac\ud83dme Router is broken", None, ""),
    ("Cyrillic letters", "my Асme Router is broken", None, ""),
    ("Greek letter", "my Αcme Router is broken", None, ""),
    ("skin tone", "my Acme Router is broken 👍🏽👩🏿\u200d🔧", "acme", "Acme Router"),
    ("flags", "🇩🇪Acme Router🇫🇷 is broken", "acme", "Acme Router"),
    ("Arabic", "مرحبا Acme Router مرحبا", "acme", "Acme Router"),
    ("Hebrew", "שלום Acme Router שלום", "acme", "Acme Router"),
    ("astral plane", "𠜎 Acme Router 𝄞", "acme", "Acme Router"),
    ("no-break space", "my Acme\u00a0Router is broken", "acme", "Acme\u00a0Router"),
    ("ideographic space", "my Acme\u3000Router is broken", "acme", "Acme\u3000Router"),
    ("trade mark", "my Acme® Router is broken", "acme", "Acme® Router"),
)
"""What it is, the text, the entry that must be found in it (None: none), and where."""

Find = Callable[[Sequence[str]], Sequence[Sequence[Mention]]]


def without_model(_folder: Path) -> Iterator[str]:
    """Catalog and rules alone."""
    yield from unlike(_finder(None), GOLDEN)


def with_model(_folder: Path) -> Iterator[str]:
    """The same with the model that comes with Earmark."""
    yield from unlike(_finder(str(packaged())), GOLDEN)


def unlike(find: Find, golden: Sequence[Golden]) -> Iterator[str]:
    """Yield where what is found is not what the table says, or does not stand where it says."""
    for (name, text, entry, form), mentions in zip(golden, find([row[1] for row in golden]), strict=True):
        for mention in mentions:
            if text[mention.start : mention.end] != mention.text:
                yield f"{name}: offsets do not point at what was found"
        linked = [(m.canonical_id, m.text) for m in mentions if m.source == "catalog"]
        if linked != ([(entry, form)] if entry else []):
            yield f"{name}: {linked!a}"


def _finder(model: str | None) -> Find:
    extractor = open_extractor(ExtractConfig(model=model, entries=ENTRIES))

    def find(texts: Sequence[str]) -> Sequence[Sequence[Mention]]:
        said = [Conversation("c", (Message("0", Sender.CUSTOMER, text),)) for text in texts]
        return list(extractor.extract(said))

    return find


ROWS = (
    Row(29, "the Unicode table, no model", "found where it stands, whatever hides it", without_model),
    Row(29, "the Unicode table, the packaged model", "found where it stands, whatever hides it", with_model),
)
