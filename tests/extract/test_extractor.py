"""From conversations to mentions: offsets, senders, order, caching, and text that means harm."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from earmark.extract import ExtractConfig, open_extractor
from earmark.extract.extractor import SpacyExtractor
from earmark.model import Conversation, Mention, Message, Sender

CATALOG = "id,name,aliases\np1,Acme Router,router\np2,iPhone,\n"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> ExtractConfig:
    path = tmp_path_factory.mktemp("catalog") / "shop.csv"
    path.write_text(CATALOG)
    return ExtractConfig(catalogs=(path,))


@pytest.fixture(scope="module")
def extractor(config: ExtractConfig) -> SpacyExtractor:
    return open_extractor(config)


def chat(*texts: str, sender: Sender = Sender.CUSTOMER, identity: str = "c1") -> Conversation:
    return Conversation(identity, tuple(Message(str(i), sender, text) for i, text in enumerate(texts)))


def mentions(extractor: SpacyExtractor, conversation: Conversation) -> tuple[Mention, ...]:
    (found,) = extractor.extract([conversation])
    for mention in found:
        assert conversation.messages[mention.message_index].text[mention.start : mention.end] == mention.text
    return found


def test_a_mention_carries_everything_a_scorer_and_a_report_need(extractor: SpacyExtractor) -> None:
    router, broken = mentions(extractor, chat("hello", "The router is broken"))
    assert router == Mention(
        1, 4, 10, "router", "PRODUCT", "catalog", Sender.CUSTOMER, "p1", "Acme Router", None, router.evidence
    )
    assert router.evidence == {"match": 1.0}
    assert (broken.label, broken.source, broken.canonical_id) == ("ISSUE", "rules", "issue:damaged:broken")


def test_only_the_configured_senders_are_read(config: ExtractConfig) -> None:
    talk = Conversation(
        "c1", tuple(Message(sender.value, sender, f"the router of the {sender.value}") for sender in Sender)
    )
    everyone = open_extractor(replace(config, senders=frozenset(Sender)))
    customers = open_extractor(replace(config, senders=frozenset({Sender.CUSTOMER})))
    assert [m.sender for m in mentions(open_extractor(config), talk)] == [Sender.CUSTOMER, Sender.AGENT]
    assert [m.sender for m in mentions(customers, talk)] == [Sender.CUSTOMER]
    assert len(mentions(everyone, talk)) == 4


def test_results_come_in_the_order_given_one_for_each(extractor: SpacyExtractor) -> None:
    talks = [chat(f"router {i} " * i, identity=str(i)) for i in range(20)] + [Conversation("empty", ())]
    assert [len(found) for found in extractor.extract(talks)] == [*range(20), 0]


@pytest.mark.parametrize("words_and_cache", [(1, 20_000), (10**9, 20_000), (5_000, 0), (5_000, 1)])
def test_batching_and_caching_change_nothing(
    config: ExtractConfig, extractor: SpacyExtractor, words_and_cache: tuple[int, int]
) -> None:
    talks = [
        chat("my iPhone won't start", "the router is down", f"order {i} never arrived") for i in range(30)
    ]
    words, cache = words_and_cache
    other = open_extractor(replace(config, batch_words=words, cache_messages=cache))
    expected = list(extractor.extract(talks))
    assert list(other.extract(talks)) == expected
    assert list(other.extract(talks)) == expected
    assert other.fingerprint == extractor.fingerprint


def test_an_extraction_that_is_abandoned_does_not_disturb_the_next(extractor: SpacyExtractor) -> None:
    talks = [chat(f"router number {i} is down") for i in range(50)]
    next(extractor.extract(talks))
    assert all(len(found) == 2 for found in extractor.extract(talks))


def test_fingerprint_changes_with_what_changes_the_result(config: ExtractConfig, tmp_path: Path) -> None:
    renamed = tmp_path / "renamed.csv"
    renamed.write_text(CATALOG)
    other = tmp_path / "other.csv"
    other.write_text(CATALOG.replace("router", "hub"))
    prints = [
        open_extractor(changed).fingerprint
        for changed in (
            config,
            replace(config, catalogs=(other,)),
            replace(config, use_rules=False),
            replace(config, label_map={"PRODUCT": "PRODUCT"}),
            replace(config, senders=frozenset({Sender.CUSTOMER})),
        )
    ]
    assert len(set(prints)) == len(prints)
    assert open_extractor(replace(config, catalogs=(renamed,))).fingerprint == prints[0]


def test_facts_name_what_it_was_made_of(extractor: SpacyExtractor) -> None:
    facts = extractor.facts
    assert (facts["name"], facts["model"], facts["catalog"]) == ("earmark", "none", "2 entries")
    assert all(isinstance(value, str) for value in facts.values())


HIDDEN = {
    "zero width": "Acme\u200bRouter",
    "byte order mark": "\ufeffAcme Router",
    "NUL": "Acme \x00Router",
    "right to left override": "Acme\u202e Router",
    "full width": "Ａｃｍｅ Ｒｏｕｔｅｒ",
    "no-break space": "Acme\xa0Router",
    "soft hyphen": "Ac\xadme Router",
    "trademark": "Acme™ Router",
}


@pytest.mark.parametrize("spelling", HIDDEN.values(), ids=HIDDEN)
def test_invisible_characters_hide_nothing(extractor: SpacyExtractor, spelling: str) -> None:
    """The same canonical result, and offsets into the text as it was received."""
    before = "my \ud83d 😀 "
    (found,) = mentions(extractor, chat(f"{before}{spelling}, ok"))
    assert found.canonical_id == "p1"
    assert found.text in {spelling, spelling.removeprefix("\ufeff")}


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud83d", "!!!", "😀", "\u200b", "\n\n", "ok", "..." * 9_000]
)
def test_text_that_says_nothing_gives_nothing(extractor: SpacyExtractor, text: str) -> None:
    assert mentions(extractor, chat(text)) == ()


def test_long_messages_are_read_to_the_end(extractor: SpacyExtractor) -> None:
    text = "nothing to see here. " * 5_000 + "the router"
    (found,) = mentions(extractor, chat(text))
    assert found.end == len(text)


def seconds(extractor: SpacyExtractor, talks: Sequence[Conversation]) -> float:
    start = time.process_time()
    for _ in extractor.extract(talks):
        pass
    return time.process_time() - start


HOSTILE = {
    "exclamation marks": "!",
    "brackets": "(",
    "quotes": '"',
    "emoji": "😀",
    "letters": "a",
    "digits": "9",
    "combining marks": "\u0301\u0323",
    "negations": "not ",
    "words": "can't open the file, ",
    "commas": "a,",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_time_grows_no_faster_than_the_text(config: ExtractConfig, unit: str) -> None:
    """16 times the text takes about 16 times the CPU time; quadratic growth would take 256 times."""
    extractor = open_extractor(replace(config, cache_messages=0))
    short = chat("x" + unit * (8_000 // len(unit)))
    long = chat("x" + unit * (128_000 // len(unit)))
    seconds(extractor, [short])
    base = min(seconds(extractor, [short]) for _ in range(3))
    assert min(seconds(extractor, [long]) for _ in range(2)) < 80 * max(base, 0.002)


def test_ten_megabytes_in_one_message_are_read(config: ExtractConfig) -> None:
    extractor = open_extractor(replace(config, use_rules=False))
    text = "the quick brown fox " * 500_000 + "router"
    (found,) = mentions(extractor, chat(text))
    assert (found.start, found.end) == (10_000_000, 10_000_006)
