"""Which texts are linked to which entry, with what evidence, and which are left alone."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.catalog.entry import Entry
from earmark.catalog.ladder import CONTEXT, EXACT, FUZZY, INFLECTED, WORDS
from earmark.catalog.linker import CatalogLinker
from earmark.model import ISSUE, PRODUCT, Conversation, Mention, Message, Sender

ENTRIES = (
    Entry("iphone", "iPhone"),
    Entry("ip15", "iPhone 15"),
    Entry("ip15p", "iPhone 15 Pro"),
    Entry("x200", "Router X200"),
    Entry("x300", "Router X300"),
    Entry("tablet", "Nimbus Tablet Pro"),
    Entry("slack", "Slack"),
    Entry("zoom", "Zoom"),
    Entry("ps4", "PS 4"),
    Entry("cashapp", "Cash App"),
    Entry("cash", "Cash"),
    Entry("teams", "Teams", case_sensitive=True),
    Entry("boots", "boots"),
    Entry("s23", "Galaxy S23"),
    Entry("s23u", "Galaxy S23 Ultra"),
    Entry("disney", "Disney+"),
    Entry("vertexa", "Vertexa Sorolin"),
    Entry("vertexo", "Vertexo Sorolin"),
    Entry("ab", "AB 12 CD 34"),
    Entry("light", "blinking red light", ISSUE),
    Entry("steam", "no steam at all", ISSUE),
)
LINKER = CatalogLinker(ENTRIES)


def found(text: str, label: str = PRODUCT, linker: CatalogLinker = LINKER) -> str | None:
    link = linker.find(label, text)
    return link.entry.id if link else None


@pytest.mark.parametrize(
    ("text", "identity", "match"),
    [
        ("iPhone 15", "ip15", EXACT),
        ("IPHONE 15!", "ip15", EXACT),
        ("iphone15", "ip15", INFLECTED),
        ("iphone-15", "ip15", INFLECTED),
        ("ps4", "ps4", INFLECTED),
        ("nimbustabletpro", "tablet", INFLECTED),
        ("iPhones", "iphone", INFLECTED),
        ("my iphone 15 please", "ip15", WORDS),
        ("the slack app", "slack", WORDS),
        ("tablet pro nimbus", "tablet", WORDS),
        ("15 iphone pro", "ip15p", WORDS),
        ("my cash app", "cashapp", WORDS),
        ("iphnoe 15", "ip15", FUZZY),
        ("iphnoe15", "ip15", FUZZY),
        ("slck", "slack", FUZZY),
        ("rooter x200", "x200", FUZZY),
        ("galxy s23 ultra", "s23u", FUZZY),
        ("ninbus tablet pro", "tablet", FUZZY),
        ("Teams", "teams", EXACT),
    ],
)
def test_what_is_meant_is_linked_and_the_ladder_says_how(text: str, identity: str, match: float) -> None:
    link = LINKER.find(PRODUCT, text)
    assert link is not None
    assert (link.entry.id, link.match) == (identity, match)


@pytest.mark.parametrize(
    "text",
    [
        "iPhone 16",
        "iphone 1 5",
        "router x400",
        "X200",
        "x 20 0 router",
        "nimbus tablet",
        "nimbus tablet pro 2",
        "iphone 15 case",
        "S23 Ultra",
        "galaxy s32",
        "disney",
        "room",
        "slick slack slock",
        "boats",
        "teams",
        "pro",
        "the",
        "my app",
        "vertexi sorolin",
        "ab 34 cd 12",
        "",
        "🙂",
        "slack " * 50,
    ],
)
def test_near_misses_rivals_and_everyday_words_link_to_nothing(text: str) -> None:
    assert found(text) is None


def test_the_longest_name_wins_and_the_margin_tells_of_the_runner_up() -> None:
    app = LINKER.find(PRODUCT, "cash app")
    phone = LINKER.find(PRODUCT, "iphone 15")
    assert app is not None
    assert phone is not None
    assert (app.entry.id, app.evidence) == ("cashapp", {"match": EXACT, "similarity": 1.0, "margin": 0.5})
    assert phone.evidence["margin"] == 1.0


def test_the_nearer_of_two_rivals_wins_by_its_margin() -> None:
    link = LINKER.find(PRODUCT, "vertexa sorolen")
    assert link is not None
    assert (link.entry.id, link.similarity) == ("vertexa", 0.9286)
    assert 0 < link.margin < 0.1


@pytest.mark.parametrize(
    ("said", "identity"),
    [
        ("sorolin vertexa", "vertexa"),
        ("sorolin vertxea", "vertexa"),
        ("vertxea soroiln", "vertexa"),
        ("soroiln vertxea", None),
    ],
)
def test_order_and_letters_are_not_both_wrong(said: str, identity: str | None) -> None:
    assert found(said) == identity


def test_one_odd_word_may_have_an_edit_more_only_beside_a_telling_word_that_is_right() -> None:
    """Two typos in a short word are forgiven where the rest of the name leaves no doubt."""
    assert found("nmibsu tablet pro") is None  # nothing but everyday words beside it
    assert found("galaxi s23") == "s23"
    assert found("gxlaxi s23") == "s23"
    assert found("xalaxi s23") is None  # the first letter is wrong
    assert found("slakc zloom") is None


@pytest.mark.parametrize(
    ("name", "said", "linked"),
    [
        ("iPad", "ipod", False),
        ("iPad", "iapd", True),
        ("Asos", "asus", False),
        ("Xero", "xerox", False),
        ("Xero", "xerro", True),
        ("Excel", "expel", False),
        ("Excel", "exel", True),
        ("Chase", "chased", False),
        ("Notion", "nation", False),
        ("Notion", "notien", True),
        ("Stripe", "stride", False),
        ("Discord app", "discrod", False),  # of a name every word is needed
        ("Notion Sorolin", "nation sorolin", True),  # the rest of the name leaves no doubt
        ("Router X200", "rooter x200", True),
    ],
)
def test_another_word_is_not_a_misspelt_name(name: str, said: str, linked: bool) -> None:
    link = CatalogLinker([Entry("p1", name)]).find(PRODUCT, said)
    assert (link is not None) is linked


def test_a_word_of_many_names_is_never_bent_alone() -> None:
    entries = [Entry(f"p{n}", f"Xtral {n}") for n in range(60)] + [Entry("xtral", "Xtral")]
    linker = CatalogLinker(entries)
    assert found("Xtral", linker=linker) == "xtral"
    assert found("Xtrel", linker=linker) is None
    assert found("Xtrel 7", linker=linker) == "p7"


@pytest.mark.parametrize(
    ("text", "identity"),
    [("red light blinking", "light"), ("blinkng red light", "light"), ("steam", None), ("some steam", None)],
)
def test_issues_of_the_catalog_are_linked_too(text: str, identity: str | None) -> None:
    assert found(text, ISSUE) == identity


def test_labels_are_kept_apart_and_unknown_ones_have_no_names() -> None:
    assert found("blinking red light", PRODUCT) is None
    assert found("Slack", ISSUE) is None
    assert found("Slack", "PLACE") is None


@given(st.text(max_size=60))
def test_no_text_fails(text: str) -> None:
    LINKER.find(PRODUCT, text)


@given(st.sampled_from([entry for entry in ENTRIES if entry.label == PRODUCT]))
def test_every_name_links_to_its_own_entry(entry: Entry) -> None:
    assert found(entry.name) == entry.id


def conversation(*texts: str) -> tuple[Conversation, tuple[Mention, ...]]:
    """A message a text, each of them one unlinked product mention."""
    messages = tuple(Message(str(n), Sender.CUSTOMER, text) for n, text in enumerate(texts))
    mentions = tuple(
        Mention(
            n, 0, len(text), text, PRODUCT, "model", Sender.CUSTOMER, probability=0.8, evidence={"own": 0.5}
        )
        for n, text in enumerate(texts)
    )
    return Conversation("c1", messages), mentions


def ids(linker: CatalogLinker, *texts: str) -> list[str | None]:
    return [mention.canonical_id for mention in linker.link(*conversation(*texts))]


def test_mentions_get_id_name_and_evidence_beside_what_they_have() -> None:
    (mention,) = LINKER.link(*conversation("my iphnoe15"))
    assert (mention.canonical_id, mention.name, mention.probability) == ("ip15", "iPhone 15", 0.8)
    assert mention.evidence == {"own": 0.5, "match": FUZZY, "similarity": 0.875, "margin": 0.875}


def test_unknown_products_get_one_name_and_no_id_and_unknown_issues_neither() -> None:
    talk, (one, other, third) = conversation("Fairphone5", "my fairphone 5", "it broke")
    third = Mention(2, 0, 8, "it broke", ISSUE, "model", Sender.CUSTOMER)
    linked = LINKER.link(talk, (one, other, third))
    assert [(each.canonical_id, each.name) for each in linked] == [
        (None, "fairphone 5"),
        (None, "fairphone 5"),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("text", "identity"),
    [("Galaxy S23+ is hot", None), ("Galaxy S23 Plus", None), ("Galaxy S23 is hot", "s23")],
)
def test_a_mention_is_not_linked_where_the_text_goes_on_to_another_model(
    text: str, identity: str | None
) -> None:
    mention = Mention(0, 0, 10, text[:10], PRODUCT, "model", Sender.CUSTOMER)
    talk = Conversation("c1", (Message("m1", Sender.CUSTOMER, text),))
    assert [each.canonical_id for each in LINKER.link(talk, (mention,))] == [identity]


def test_linked_mentions_are_left_alone() -> None:
    talk, _ = conversation("Slack")
    mention = Mention(
        0, 0, 5, "Slack", PRODUCT, "rules", Sender.CUSTOMER, "elsewhere", "Else", evidence={"rule": 0.7}
    )
    assert LINKER.link(talk, (mention,)) == (mention,)


FAMILY = (
    Entry("nimbus", "Nimbus"),
    Entry("n-tab", "Nimbus Tablet", parent="nimbus"),
    Entry("n-tab-pro", "Nimbus Tablet Pro", parent="n-tab", short=("the Pro", "Pro")),
    Entry("n-tab-pro-5g", "Nimbus Tablet Pro 5G", parent="n-tab-pro"),
    Entry("v-pro", "Vertex Pro", parent="vertex", short=("Pro",)),
    Entry("vertex", "Vertex"),
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (("the Pro", "Nimbus Tablet Pro"), "n-tab-pro"),  # named, later in the conversation
        (("Vertex Pro", "pro"), "v-pro"),
        (("Nimbus Tablet Pro", "Vertex Pro", "the Pro"), None),  # both fit
        (("the Pro",), None),  # nothing was named
        (("Nimbus", "my pro"), "n-tab-pro"),  # its family
        (("Nimbus Tablet Pro 5G", "the Pro"), "n-tab-pro"),  # a variant of it
        (("Nimbus", "Vertex", "the Pro"), None),  # the families of both
        (("Nimbus", "Vertex Pro", "the Pro"), "v-pro"),  # what is named itself comes before kin
    ],
)
def test_a_short_name_means_the_one_thing_that_the_conversation_speaks_of(
    said: Sequence[str], meant: str | None
) -> None:
    linker = CatalogLinker(FAMILY)
    place = next(n for n, text in enumerate(said) if "pro" in text.lower() and " " not in text.lower()[4:])
    linked = linker.link(*conversation(*said))[place]
    assert linked.canonical_id == meant
    assert linked.evidence.get("match") == (CONTEXT if meant else None)


def test_a_short_name_may_be_that_of_very_many() -> None:
    entries = [Entry(f"p{n}", f"Zorvex {n}x", short=("Pro",)) for n in range(20_000)]
    began = time.process_time()
    linker = CatalogLinker(entries)
    assert ids(linker, "the Pro", "Zorvex 77x") == ["p77", "p77"]
    assert time.process_time() - began < 2


def test_a_common_word_is_no_short_name() -> None:
    linker = CatalogLinker(
        [Entry("n", "Nimbus"), Entry("n1", "Nimbus Pro", parent="n", short=("the", "it", "Pro"))]
    )
    assert ids(linker, "Nimbus", "it", "the", "Pro") == ["n", None, None, "n1"]


def test_short_names_do_not_link_by_themselves() -> None:
    linker = CatalogLinker(FAMILY)
    assert found("the Pro", linker=linker) is None
    assert ids(linker, "Pro", "Pro") == [None, None]


def test_the_fingerprint_follows_the_entries_and_nothing_else() -> None:
    same = CatalogLinker([Entry("a", "Aster", where="x.csv:2")])
    moved = CatalogLinker([Entry("a", "Aster", where="y.csv:9")])
    other = CatalogLinker([Entry("a", "Aster", short=("A",))])
    assert same.fingerprint == moved.fingerprint != other.fingerprint


def test_without_a_catalog_products_are_still_named() -> None:
    (mention,) = CatalogLinker().link(*conversation("my iPhone15"))
    assert (mention.canonical_id, mention.name) == (None, "iphone 15")
