"""Makes the calibration that comes with the packaged model, from conversations that its siblings never saw.

    python training/calibrate.py split PATH-TO-DATA build/training
    (train a sibling on each half, with the other half unseen: README.md has the commands)
    python training/calibrate.py make PATH-TO-DATA build/training SIBLING-0 SIBLING-1

The packaged model has learned from all annotated conversations, and what a model says of its own lessons tells
nothing. So two siblings are trained in the same way, each on half of them, and each speaks about the other half.
Candidates are seen without a catalog and under one that holds products of the other half. gold/dev told the siblings
when to stop: it may help the fit, and has no say in figures and certificates.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from earmark.assemble import workshop
from earmark.calibrate import Candidate, Goal, calibrate, running, sample, write_calibration
from earmark.calibrate.files import PACKAGED
from earmark.gold import Gold, Labelled, read_gold
from earmark.settings import load

GOAL = Goal(target=0.90, assurance=0.95)
NOTE = (
    "Fitted and certified on Earmark's own annotated conversations, with two sibling models that never saw them; "
    "your chats may differ: `earmark calibrate` certifies on yours"
)


def split(data: Path, out: Path) -> None:
    """Write the annotated conversations as half-0.jsonl and half-1.jsonl, by the hash of their ids."""
    out.mkdir(parents=True, exist_ok=True)
    halves: list[list[str]] = [[], []]
    for path in sorted(data.glob("annotated/*.jsonl.gz")):
        for line in filter(None, gzip.decompress(path.read_bytes()).decode().split("\n")):
            name = json.loads(line)["id"]
            halves[int.from_bytes(hashlib.sha256(f"fold {name}".encode()).digest()[:4]) % 2].append(
                f"{line}\n"
            )
    for number, lines in enumerate(halves):
        (out / f"half-{number}.jsonl").write_text("".join(lines), encoding="utf-8")
        print(f"half-{number}.jsonl: {len(lines)} conversations")


def make(data: Path, out: Path, siblings: tuple[str, str]) -> None:
    """Sample, fit, certify, and write the calibration into the package."""
    halves = [read_gold([out / f"half-{number}.jsonl"]) for number in (0, 1)]
    unseen = [halves[1], halves[0]]
    plain = [each for n in (0, 1) for each in candidates(siblings[n], unseen[n], ())]
    more = candidates(siblings[1], read_gold([data / "gold" / "dev.jsonl"]), ())
    with tempfile.TemporaryDirectory() as folder:
        catalogs = [catalog(halves[n], Path(folder) / f"half-{n}.csv") for n in (0, 1)]
        more += [each for n in (0, 1) for each in candidates(siblings[n], unseen[n], (catalogs[n],))]
    with workshop(load(), note) as shop:
        made_for = running(shop.extractor(), shop.linkers())
    channels = {
        each.conversation.id: each.conversation.channel for gold in unseen for each in gold.conversations
    }
    made = calibrate(plain, channels, made_for, goal=GOAL, prior={}, note=NOTE, more=more)
    write_calibration(made, PACKAGED)
    for label, certificate in made.certificates.items():
        print(label, certificate.threshold, certificate.reached, "missing", certificate.missing)
    print(made.fitted.conversations, "conversations,", made.fitted.candidates, "candidates", made.figures)


def candidates(model: str, gold: Gold, catalogs: Iterable[Path]) -> list[Candidate]:
    """What a sibling proposes in conversations that it never saw."""
    with workshop(load(model=model, catalog=list(catalogs), scorer="evidence"), note) as shop:
        return sample(shop.extractor(), shop.judge(), gold.conversations)


def catalog(gold: Gold, path: Path) -> Path:
    """A catalog of the named products of a half: what another half can be linked to honestly."""
    names = {squashed(name): name for each in gold.conversations for name in named(each)}
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "name"])
        rows.writerows((f"p{number}", name) for number, name in enumerate(sorted(names.values())))
    return path


def squashed(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def named(labelled: Labelled) -> Iterable[str]:
    """The named products of a conversation that a catalog can hold."""
    for span in labelled.spans:
        text = " ".join(
            labelled.conversation.messages[span.message_index].text[span.start : span.end].split()
        )
        if span.kind == "named" and len(text) > 2 and not text.isnumeric():
            yield text


def note(message: str) -> None:
    print(message, file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1] == "split":
        split(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        make(Path(sys.argv[2]), Path(sys.argv[3]), (sys.argv[4], sys.argv[5]))
