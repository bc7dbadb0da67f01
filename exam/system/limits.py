"""Row 20: values at the limits of their fields. They are planned to fit; what finds no room is told, nothing is cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from earmark.sandbox.chats import conversation_id
from exam.rows import Row
from exam.system.stage import Stage, ended_badly, staged
from exam.trial import RUN

RUN_LINE = " ".join(RUN)
ABOUT = conversation_id("about")
_SYLLABLES = ("bra", "dri", "fla", "gro", "klu", "mip", "nol", "pex", "qua", "ruz", "sti")
_ALIASES = [f"{''.join(four)}" for four in product(_SYLLABLES, repeat=4)]
_LETTERS = {
    "ASCII": "n",
    "two bytes": "é",
    "three bytes": "漢",
    "four bytes": "🫖",
    "a letter and its mark": "e\N{COMBINING ACUTE ACCENT}",
}


@dataclass(frozen=True, slots=True)
class Case:
    """Product names that one conversation is about, and how many of them a field takes."""

    told: str
    names: tuple[str, ...]
    fitting: int
    writer: str = "custom_attributes"
    release: bool = False


def at_limit(case: Case, folder: Path) -> Iterator[str]:
    """What fits is written whole, what does not is counted in the reason; the service refuses nothing."""
    with staged(folder, case.writer, conversations=[_conversation(len(case.names))]) as stage:
        _furnish(stage, case.names)
        done = stage.one(RUN_LINE)
        if done.code in {1, 2}:
            yield f"the run ends with {done.code}: {done.err.strip()[-300:]}"
        (state, reason) = stage.rows("SELECT state, reason FROM items")[0]
        if state not in {"written", "unchanged"}:
            yield f"the conversation is {state}: {reason}"
        yield from _told(reason or "", len(case.names) - case.fitting)
        yield from _whole(stage, case)
        yield from ended_badly(stage.one("undo"), 0)


def _told(reason: str, left_out: int) -> Iterator[str]:
    told = int(reason.split(maxsplit=1)[0]) if reason[:1].isdigit() else 0
    if told != left_out:
        yield f"{left_out} names found no room and {told} are told: {reason!r}"


def _whole(stage: Stage, case: Case) -> Iterator[str]:
    """Every name that is written is one of the catalog, and as many are as fit."""
    values = stage.values[ABOUT]
    key = next((key for key in values if "products" in key), "")
    held = values.get(key) or []
    found = [name for name in held.split("; ") if name] if isinstance(held, str) else list(held)
    if cut := [name for name in found if name not in case.names]:
        yield f"{len(cut)} names were cut: {cut[0][:40]!r} …"
    if len(found) != case.fitting:
        yield f"{len(found)} names were written where {case.fitting} fit"


def _conversation(count: int) -> dict[str, Any]:
    """One that names every alias, fifty a message."""
    aliases = [_ALIASES[number] for number in range(count)]
    said = [f"about {', '.join(aliases[start : start + 50])}." for start in range(0, count, 50)]
    messages = [{"sender": "customer", "text": text} for text in said]
    return {"id": "about", "channel": "chat", "queue": "Customer Care", "messages": messages}


def _furnish(stage: Stage, names: Sequence[str]) -> None:
    lines = [f"p{number},{name},PRODUCT,{_ALIASES[number]}" for number, name in enumerate(names)]
    (stage.folder / "catalog.csv").write_text("\n".join(["id,name,label,aliases", *lines]) + "\n")


def _name(length: int, letter: str = "n", number: int = 0) -> str:
    """A name of so many code points."""
    return f"{number:04} {letter * length}"[:length]


def _lengths() -> Iterator[Case]:
    for told, letter in _LETTERS.items():
        for length in (99, 100, 101):
            names = (_name(length, letter),)
            yield Case(
                f"a name of {length} characters, {told}",
                names,
                int(length <= 100),
                release=length == 99 or told not in {"ASCII", "four bytes"},
            )


def _counts() -> Iterator[Case]:
    for count in (99, 100, 101):
        names = tuple(f"Thing {_ALIASES[number]} {number}" for number in range(count))
        yield Case(f"{count} tags", names, min(count, 100), release=count < 101)


def _texts() -> Iterator[Case]:
    """Two names, and the separator between them, in one text of at most 256 characters."""
    for (told, letter), length in product(_LETTERS.items(), (255, 256, 257)):
        names = (_name(100, letter, 1), _name(length - 102, letter, 2))
        release = length == 255 or told != "four bytes"
        yield Case(
            f"participant data of {length} characters, {told}",
            names,
            2 if length <= 256 else 1,
            "participant_data",
            release,
        )


def request_at_limit(count: int, folder: Path) -> Iterator[str]:
    """One list of the interactions contract, which states no limit: it is written whole, or not sent at all."""
    names = tuple(_name(190, number=number) for number in range(count))
    with staged(folder, "interactions", conversations=[_conversation(count)]) as stage:
        _furnish(stage, names)
        done = stage.one(RUN_LINE)
        if done.code not in {0, 3}:
            yield f"the run ends with {done.code}: {done.err.strip()[-300:]}"
            return
        (state, reason) = stage.rows("SELECT state, reason FROM items")[0]
        refused = stage.organisation.sandbox.stats()["requests"]["interactions.patch"] - len(stage.writes)
        if refused:
            yield f"{refused} requests were sent that the service refuses"
        if state == "failed" and "512,000" not in (reason or ""):
            yield f"it is not told why nothing was written: {reason}"
        if state == "written" and len(stage.values[ABOUT]["extracted_products"]) != count:
            yield "names were left out without a word"
        if (state, count) not in {("written", 2600), ("failed", 2700)}:
            yield f"a list of {count} names is {state}: {reason}"


_SAID = "planned to fit; never refused, never cut; what is left out is told"

ROWS = tuple(
    Row(20, each.told, _SAID, partial(at_limit, each), release=each.release)
    for each in (*_lengths(), *_counts(), *_texts())
) + tuple(
    Row(20, f"a request {told} 512,000 bytes", _SAID, partial(request_at_limit, count), release=True)
    for told, count in (("under", 2600), ("over", 2700))
)
