"""What the privacy filter finds of made-up personal data, and what it takes of labelled products and issues.

    python bench/privacy.py [PATH…] [--json]

PATHs are JSONL files (or .gz) of labelled conversations; by default the sandbox's own. Every labelled span stands
for a mention: those that touch something personal would be lost. Recall is measured on made-up cards of every large
issuer, telephone numbers of 20 countries, accounts (IBAN) of 20 countries and e-mail addresses, each as it is and in
11 disguises; one counts as found only when every letter and digit of it is covered.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import phonenumbers
from harness import Figure, median, publish
from stdnum import iban, luhn, numdb

from earmark.model import Conversation, Mention, Message, Sender
from earmark.privacy import cleared, personal
from earmark.privacy.scan import is_suspicious
from earmark.sandbox import default_conversations

_EACH = 5  # made-up values a country or issuer
_CARDS = {
    "Visa": ("4", 16),
    "Mastercard": ("53", 16),
    "Mastercard, new": ("2300", 16),
    "Maestro": ("6759", 16),
    "American Express": ("37", 15),
    "Diners Club": ("36", 14),
    "Discover": ("6011", 16),
    "JCB": ("3530", 16),
    "UnionPay": ("62", 16),
    "RuPay": ("6521", 16),
    "Mir": ("2200", 16),
    "Verve": ("506100", 16),
}
"""The first digits and the length of an issuer's cards."""

_PHONES = re.findall("..", "USGBDEFRESITAUINBRCAMXIENLSEPLCHATZAJPSG")
_IBANS = re.findall("..", "GBDEFRESITNLBEATCHPTIESEDKFINOPLCZGRTRSA")
_CARRIERS = {
    "card": ("my card is {} thanks", "{}", "it was paid with {} I think"),
    "phone": ("call me on {} please", "my number: {}", "you can reach me at {}", "{}"),
    "iban": ("please refund to {} thanks", "{}", "the account is {} ok"),
    "email": ("write to {} please", "{}", "my e-mail is {} thanks"),
}
_NUMBER_DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": lambda value: value,
    "solid": lambda value: "".join(filter(lambda c: c.isalnum() or c == "+", value)),
    "fours": lambda value: _grouped(value, 4, " "),
    "dashes": lambda value: _grouped(value, 4, "-"),
    "dots": lambda value: _grouped(value, 4, "."),
    "one by one": lambda value: _grouped(value, 1, " "),
    "zero-width": lambda value: _grouped(value, 3, "\u200b"),
    "soft hyphens": lambda value: _grouped(value, 2, "\xad"),
    "no-break spaces": lambda value: _grouped(value, 4, "\xa0"),
    "full-width": lambda value: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in value),
    "Arabic-Indic": lambda value: "".join(chr(ord(c) + 0x630) if c.isdecimal() else c for c in value),
}
_EMAIL_DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": lambda value: value,
    "capitals": str.upper,
    "spaced": lambda value: value.replace("@", " @ ").replace(".", " . "),
    "words": lambda value: value.replace("@", " at ").replace(".", " dot "),
    "brackets": lambda value: value.replace("@", " (at) ").replace(".", " (dot) "),
    "square brackets": lambda value: value.replace("@", "[at]").replace(".", "[dot]"),
    "half words": lambda value: value.replace("@", " [at] "),
    "zero-width": lambda value: value.replace("@", "\u200b@\u200b"),
    "soft hyphens": "\xad".join,
    "full-width": lambda value: "".join(chr(ord(c) + 0xFEE0) for c in value),
    "no-break spaces": lambda value: value.replace("@", "\xa0@\xa0"),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    arguments = parser.parse_args()
    labelled = list(_labelled(arguments.paths))
    details = {"taken": _taken(labelled), "speed": _speed(labelled), "recall": _recall()}
    if arguments.json:
        print(json.dumps(details, indent=1, ensure_ascii=False))
    else:
        publish("privacy", list(_figures(details)), **details)


def _figures(details: dict[str, Any]) -> Iterator[Figure]:
    taken, speed = details["taken"], details["speed"]
    behind = f"{taken['lost']} of {taken['spans']}"
    yield Figure("labelled spans lost", 100 * taken["lost"] / taken["spans"], "%", most=0.1, behind=behind)
    yield Figure("a message without suspicion", speed["without_suspicion_us"], "µs", most=20)
    yield Figure("a message", speed["all_us"], "µs")
    for kind, recall in details["recall"].items():
        weakest = min(recall["by_disguise"].items(), key=lambda item: float(item[1]))
        behind = f"{recall['made_up']} values; weakest: {weakest[0]} {weakest[1]:.3f}"
        yield Figure(f"recall: {kind}", recall["found"], least=0.97, behind=behind)


def _labelled(paths: Sequence[Path]) -> Iterator[tuple[Conversation, list[Mention]]]:
    for seed in default_conversations() if not paths else _read(paths):
        messages = [message for message in seed["messages"] if message.get("text")]
        texts = tuple(Message(str(n), Sender(m["sender"]), m["text"]) for n, m in enumerate(messages))
        mentions = [
            Mention(n, s["start"], s["end"], s["text"], s["label"], "model", texts[n].sender)
            for n, message in enumerate(messages)
            for s in message.get("spans", ())
        ]
        yield Conversation(seed["id"], texts), mentions


def _read(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for path in paths:
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
            yield from map(json.loads, file)


def _taken(labelled: Sequence[tuple[Conversation, list[Mention]]]) -> dict[str, Any]:
    kinds = Counter(span.kind.value for conversation, _ in labelled for span in personal(conversation))
    lost: list[Mention] = []
    for conversation, mentions in labelled:
        kept = set(map(id, cleared(conversation, mentions)))
        lost += [mention for mention in mentions if id(mention) not in kept]
    spans = sum(len(mentions) for _, mentions in labelled)
    by_label = Counter(mention.label for mention in lost)
    return {
        "conversations": len(labelled),
        "spans": spans,
        "lost": len(lost),
        "lost_by_label": by_label,
        "personal": kinds,
    }


def _speed(labelled: Sequence[tuple[Conversation, list[Mention]]]) -> dict[str, float]:
    plain = [
        Conversation(c.id, tuple(m for m in c.messages if not is_suspicious(m.text))) for c, _ in labelled
    ]
    return {
        "without_suspicion_us": round(_microseconds(plain), 2),
        "all_us": round(_microseconds([conversation for conversation, _ in labelled]), 2),
    }


def _microseconds(conversations: Sequence[Conversation]) -> float:
    """Of processor time a message, the median of nine rounds."""
    rounds = []
    for _ in range(9):
        begun = time.process_time()
        for conversation in conversations:
            personal(conversation)
        rounds.append(time.process_time() - begun)
    return 1e6 * median(rounds) / max(1, sum(len(conversation.messages) for conversation in conversations))


def _recall() -> dict[str, Any]:
    draw = random.Random(1)
    made_up = {
        "card": (_made_up_cards(draw), _NUMBER_DISGUISES),
        "phone": (_made_up_phones(draw), _NUMBER_DISGUISES),
        "iban": (_made_up_ibans(draw), _NUMBER_DISGUISES),
        "email": (_made_up_emails(draw), _EMAIL_DISGUISES),
    }
    return {
        kind: _recall_of(kind, list(values), disguises, draw) for kind, (values, disguises) in made_up.items()
    }


def _recall_of(
    kind: str,
    values: Sequence[tuple[str, str]],
    disguises: dict[str, Callable[[str], str]],
    draw: random.Random,
) -> dict[str, Any]:
    by_disguise: dict[str, list[bool]] = defaultdict(list)
    by_origin: dict[str, list[bool]] = defaultdict(list)
    for origin, value in values:
        tries = {name: [draw.choice(_CARRIERS[kind]).format(hide(value))] for name, hide in disguises.items()}
        tries["two messages"] = _split(value)
        for name, texts in tries.items():
            covered = _is_covered(texts, value)
            by_disguise[name].append(covered)
            by_origin[origin].append(covered)
    every = [covered for results in by_disguise.values() for covered in results]
    return {
        "made_up": len(values),
        "found": _share(every),
        "by_disguise": {name: _share(results) for name, results in by_disguise.items()},
        "by_origin": {name: _share(results) for name, results in by_origin.items()},
    }


def _share(results: Sequence[bool]) -> float:
    return round(sum(results) / len(results), 4)


def _split(value: str) -> list[str]:
    """In two messages; an address where it is usually broken."""
    half = value.index("@") if "@" in value else len(value) // 2
    return [value[:half], value[half:]]


def _is_covered(texts: Sequence[str], value: str) -> bool:
    """Whether no more than the carrier's letters stay when what is personal is taken out."""
    conversation = Conversation("c", tuple(Message(str(n), Sender.CUSTOMER, t) for n, t in enumerate(texts)))
    left = [list(text) for text in texts]
    for span in personal(conversation):
        left[span.message_index][span.start : span.end] = [""] * (span.end - span.start)
    rest = "".join("".join(characters) for characters in left)
    name, _, host = value.partition("@")
    return not any(map(str.isdecimal, rest)) and name not in rest and (not host or host not in rest)


def _grouped(value: str, size: int, separator: str) -> str:
    plus = "+" * value.startswith("+")
    compact = "".join(filter(str.isalnum, value))
    return plus + separator.join(compact[n : n + size] for n in range(0, len(compact), size))


def _digits(count: int, draw: random.Random) -> str:
    return "".join(draw.choices("0123456789", k=count))


def _made_up_cards(draw: random.Random) -> Iterator[tuple[str, str]]:
    for issuer, (prefix, length) in _CARDS.items():
        for _ in range(_EACH):
            number = prefix + _digits(length - len(prefix) - 1, draw)
            yield issuer, number + luhn.calc_check_digit(number)


def _made_up_phones(draw: random.Random) -> Iterator[tuple[str, str]]:
    style = phonenumbers.PhoneNumberFormat
    for region in _PHONES:
        for turn in range(_EACH):
            number = _mobile(region, draw)
            written = style.NATIONAL if turn % 2 else style.INTERNATIONAL
            yield region, phonenumbers.format_number(number, written)


def _mobile(region: str, draw: random.Random) -> phonenumbers.PhoneNumber:
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    while True:
        national = str(example.national_number)[:-5] + _digits(5, draw)
        number = phonenumbers.PhoneNumber(example.country_code, int(national))
        if phonenumbers.is_valid_number(number):
            return number


def _made_up_ibans(draw: random.Random) -> Iterator[tuple[str, str]]:
    for country in _IBANS:
        parts = dict(numdb.get("iban").info(f"{country}00"))[country]["bban"].replace("!", " ").split()
        for _ in range(_EACH):
            yield country, _iban(country, parts, draw)


def _iban(country: str, parts: Sequence[str], draw: random.Random) -> str:
    """Parts are such as "4", "a6", "n8", "n": a length, then the kind of the last and the next length."""
    bban, length = "", int(parts[0])
    for part in parts[1:]:
        bban += _digits(length, draw) if part[0] in "nc" else "".join(draw.choices("ABCDEFGH", k=length))
        length = int(part[1:] or 0)
    check = iban.calc_check_digits(f"{country}00{bban}")
    return str(iban.format(f"{country}{check}{bban}"))


def _made_up_emails(draw: random.Random) -> Iterator[tuple[str, str]]:
    hosts = ("example.org", "mail.example.com", "gmail.com", "firm.co.uk", "post.example.de", "yahoo.fr")
    for host in hosts:
        for _ in range(4 * _EACH):
            name = "".join(draw.choices("abcdefghijklmnopr", k=7))
            yield host, f"{name}.{draw.choice(('smith', 'k', 'lee'))}@{host}"


if __name__ == "__main__":
    main()
