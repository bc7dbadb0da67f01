"""How many misspelt names find their catalog entry, how many others are taken for one, and how long it takes.

    python bench/linking.py [--quick] [--json]

Catalogs of 1,000 / 10,000 / 100,000 names are made of syllables: "Brand Line", two thirds with a model number, two
fifths with a variant ("Pro"); a hundredth as many brands as names. The dense ones have shorter words and no numbers:
many of their names are one letter apart. 500 of them are asked for in lower case (20 %), with
one or two typos (35 %: swap, drop, double or replace, in words of four letters and more without digits), reordered
(15 %), without spaces (15 %) or padded (15 %). 300 outsiders are made in the same way from the same brands and are not
in the catalog. Loading is measured in fresh processes: CSV → ready to find and to link, memory (RSS) before and after.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import string
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from harness import Figure, folder, publish, python

from earmark.model import PRODUCT

SIZES = (1_000, 10_000, 100_000)
TARGETS = {1_000: (0.97, 0.01), 10_000: (0.97, 0.07), 100_000: (0.95, 0.35)}
QUERIES, OUTSIDERS = 500, 300
_SYLLABLES = re.findall(
    r"\w+",
    "ba be bri ca co cro da del di do fa fen fi ga gor gu ha hel ja jo ka kel ki la lin lo lu ma mer mi mo na nel no "
    "pa pe pol qui ra ren ri ro sa sol su ta tel tor tu va ven vi vo wa xan ya zen zi zo",
)
_VARIANTS = ("Pro", "Max", "Mini", "Plus", "Ultra", "Lite", "Air", "SE", "XL", "Sport", "Home", "Studio")
_PADDING = (
    "my {}",
    "the {}",
    "my {} please",
    "the {} app",
    "a new {}",
    "your {} thanks",
    "this {}",
    "our {} one",
)
Noise = Callable[[random.Random, str], str]


def word(rng: random.Random, dense: bool) -> str:
    syllables = rng.choice((2, 2, 3) if dense else (2, 3, 3, 4))
    return "".join(rng.choice(_SYLLABLES) for _ in range(syllables)).capitalize()


def name(rng: random.Random, brands: Sequence[str], dense: bool) -> str:
    parts = [rng.choice(brands), word(rng, dense)]
    if not dense and rng.random() < 2 / 3:
        letter = rng.choice(["", "", rng.choice(string.ascii_uppercase)])
        parts.append(f"{letter}{rng.choice((rng.randrange(2, 99), rng.randrange(1, 99) * 100))}")
    if rng.random() < 2 / 5:
        parts.append(rng.choice(_VARIANTS))
    return " ".join(parts)


def names(rng: random.Random, size: int, dense: bool) -> tuple[list[str], list[str]]:
    """A catalog of different names, and names of the same making that are not in it."""
    brands = [word(rng, dense) for _ in range(max(20, size // 100))]
    made: dict[str, str] = {}
    while len(made) < size + OUTSIDERS:
        new = name(rng, brands, dense)
        made.setdefault(new.lower().replace(" ", ""), new)
    every = list(made.values())
    return every[:size], every[size:]


def lowered(rng: random.Random, text: str) -> str:
    del rng
    return text.lower()


def mistyped(rng: random.Random, text: str) -> str:
    for _ in range(rng.choice((1, 2))):
        text = _one_typo(rng, text)
    return text


def _one_typo(rng: random.Random, text: str) -> str:
    words = text.split(" ")
    long = [place for place, each in enumerate(words) if len(each) >= 4 and each.isalpha()]
    place = rng.choice([place for place in long for _ in words[place]])
    letters = list(words[place])
    at = rng.randrange(len(letters) - 1)
    kind = rng.choice(("swap", "drop", "double", "replace"))
    if kind == "swap":
        letters[at : at + 2] = letters[at + 1], letters[at]
    elif kind == "drop":
        del letters[at]
    else:
        letters[at : at + (kind == "replace")] = rng.choice(string.ascii_lowercase)
    words[place] = "".join(letters)
    return " ".join(words)


def reordered(rng: random.Random, text: str) -> str:
    words = text.split(" ")
    rng.shuffle(words)
    return " ".join(words)


def glued(rng: random.Random, text: str) -> str:
    return lowered(rng, text).replace(" ", "")


def padded(rng: random.Random, text: str) -> str:
    return rng.choice(_PADDING).format(text.lower())


NOISE: tuple[tuple[Noise, float], ...] = (
    (lowered, 0.20), (mistyped, 0.35), (reordered, 0.15), (glued, 0.15), (padded, 0.15),
)  # fmt: skip


def measure(size: int, place: Path, *, dense: bool) -> tuple[list[Figure], dict[str, float]]:
    """Figures over a catalog of that size, left as catalog-SIZE.csv, and the share of each noise that was linked."""
    from earmark.catalog import load_catalogs
    from earmark.catalog.linker import CatalogLinker

    rng = random.Random(size)
    known, outsiders = names(rng, size, dense)
    path = place / f"catalog-{size}.csv"
    path.write_text("id,name\n" + "".join(f"prd-{n},{each}\n" for n, each in enumerate(known)))
    linker = CatalogLinker(load_catalogs([path]))
    right: dict[str, list[bool]] = {noise.__name__: [] for noise, _ in NOISE}
    taken = []
    for noise, share in NOISE:
        for number in rng.sample(range(size), round(QUERIES * share)):
            query = noise(rng, known[number])
            begun = time.perf_counter()
            found = linker.find(PRODUCT, query)
            taken.append(time.perf_counter() - begun)
            right[noise.__name__].append(found is not None and found.entry.id == f"prd-{number}")
    false = [linker.find(PRODUCT, each) is not None for each in outsiders]
    answers = [answer for each in right.values() for answer in each]
    least, most = (None, None) if dense else TARGETS[size]
    about = f"{size:,} {'dense names' if dense else 'names'}: "
    figures = [
        Figure(about + "top-1", _mean(answers), least=least, behind=_shares(right)),
        Figure(about + "false links", _mean(false), most=most, behind=f"{len(false)} outsiders"),
        Figure(
            about + "a mention", _mean(taken) * 1000, "ms", 5, behind=f"slowest {max(taken) * 1000:.1f} ms"
        ),
    ]
    return figures, {kind: _mean(each) for kind, each in right.items()}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _shares(right: dict[str, list[bool]]) -> str:
    return ", ".join(f"{kind} {_mean(each):.2f}" for kind, each in right.items())


def load(path: Path) -> None:
    """Load a catalog in this process and print what it took, as JSON."""
    from earmark.catalog import load_catalogs
    from earmark.catalog.linker import CatalogLinker
    from earmark.catalog.names import NameFinder

    before, begun, cpu = _rss_mb(), time.perf_counter(), time.process_time()
    entries = load_catalogs([path])
    read = time.perf_counter() - begun
    held = [NameFinder(entries), CatalogLinker(entries)]
    seconds = time.perf_counter() - begun
    spent = {"read": read, "seconds": seconds, "cpu": time.process_time() - cpu}
    print(json.dumps(spent | {"mb": _rss_mb() - before, "parts": len(held)}))


def _rss_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:"))) / 1024


def loaded(size: int, place: Path) -> list[Figure]:
    """Seconds and memory of a catalog of that size in a fresh process, the better of three."""
    script = str(Path(__file__).resolve())
    runs = [
        json.loads(python([script, "--load", str(place / f"catalog-{size}.csv")], place, {}).output)
        for _ in range(3)
    ]
    best = min(runs, key=lambda run: run["seconds"])
    behind = f"reading {best['read']:.2f} s; CPU {best['cpu']:.2f} s"
    most = (3.0, 100.0) if size == SIZES[-1] else (None, None)
    return [
        Figure(
            f"{size:,} names: load",
            best["seconds"],
            "s",
            most=most[0],
            behind=behind,
        ),
        Figure(f"{size:,} names: memory", max(run["mb"] for run in runs), "MB", most=most[1]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="without the largest catalog")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--load", type=Path, metavar="FILE", help="only load this catalog, and say what it took"
    )
    asked = parser.parse_args()
    if asked.load:
        load(asked.load)
        return
    figures: list[Figure] = []
    details: dict[str, object] = {}
    with folder() as place:
        for size in SIZES[: 2 if asked.quick else 3]:
            for dense in (True, False):
                found, details[f"{size}{' dense' * dense}"] = measure(size, place, dense=dense)
                figures += found
            figures += loaded(size, place)
    if asked.json:
        json.dump({figure.name: figure.value for figure in figures}, sys.stdout, indent=1)
        print()
    else:
        publish("linking", figures, queries=QUERIES, outsiders=OUTSIDERS, catalogs=details)


if __name__ == "__main__":
    main()
