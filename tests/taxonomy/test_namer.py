"""The linker that calls issues by their type, or by the normal form of their phrase."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from earmark.assemble import workshop
from earmark.catalog import Entry
from earmark.catalog.linker import CatalogLinker
from earmark.decide import identity
from earmark.model import ISSUE, PRODUCT, Conversation, Mention, Message, Sender
from earmark.settings import load
from earmark.taxonomy import IssueNamer, load_taxonomy

NAMER = IssueNamer(load_taxonomy())
CHAT = Conversation("c1", (Message("m1", Sender.CUSTOMER, "text"),))


def mention(
    text: str,
    label: str = ISSUE,
    source: str = "model",
    canonical_id: str | None = None,
    name: str | None = None,
) -> Mention:
    return Mention(0, 0, len(text), text, label, source, Sender.CUSTOMER, canonical_id, name)


def named(each: Mention) -> tuple[str | None, str | None]:
    (linked,) = NAMER.link(CHAT, [each])
    return linked.canonical_id, linked.name


def test_an_issue_gets_id_and_name_of_its_type() -> None:
    assert named(mention("keeps crashing")) == ("type:crash", "Crash or freeze")


def test_an_issue_without_a_type_is_called_by_its_normal_form() -> None:
    assert named(mention("The commentary IS in   Danish")) == (None, "commentary in danish")


def test_spellings_of_an_issue_without_a_type_become_one_entity() -> None:
    spellings = [mention("wakes the Purple cat"), mention("it’s  waking my purple cat")]
    linked = NAMER.link(CHAT, spellings)
    assert {identity(each) for each in linked} == {"issue:wake purple cat"}


def test_an_issue_that_a_rule_named_has_the_type_of_its_words() -> None:
    rule = mention("battery keeps dying", canonical_id="issue:keeps-doing:dying", name="keeps dying")
    assert named(rule) == ("type:battery", "Battery or charging")


def test_else_that_of_the_name_of_its_rule() -> None:
    rule = mention("the thing", source="rules", canonical_id="issue:no-refund", name="refund not received")
    assert named(rule) == ("type:refund", "Refund")


def test_else_it_keeps_the_name_of_its_rule() -> None:
    rule = mention("too purple", source="rules", canonical_id="issue:too-much:purple", name="too purple")
    assert named(rule) == ("issue:too-much:purple", "too purple")


def test_what_a_catalog_named_is_left_alone() -> None:
    found = mention("keeps crashing", source="catalog", canonical_id="iss-7", name="Known defect 7")
    linked = mention("keeps crashing", canonical_id="iss-7", name="Known defect 7")
    odd = mention("keeps crashing", source="catalog", canonical_id="issue:7", name="Known defect 7")
    assert NAMER.link(CHAT, [found, linked, odd]) == (found, linked, odd)


def test_what_was_linked_to_a_catalog_keeps_its_id_whatever_it_looks_like() -> None:
    catalog = CatalogLinker([Entry("issue:7", "Known crash", ISSUE)])
    linked = catalog.link(CHAT, [mention("knwon crash")])
    assert [(each.canonical_id, each.name) for each in NAMER.link(CHAT, linked)] == [
        ("issue:7", "Known crash")
    ]


def test_products_are_left_alone() -> None:
    product = mention("printer", label=PRODUCT)
    assert NAMER.link(CHAT, [product]) == (product,)


def test_nothing_but_id_and_name_changes() -> None:
    before = Mention(
        3, 5, 9, "dead", ISSUE, "model", Sender.AGENT, probability=0.4, evidence={"model": 0.4}, unsure=True
    )
    (after,) = NAMER.link(CHAT, [before])
    kept = (
        "message_index",
        "start",
        "end",
        "text",
        "label",
        "source",
        "sender",
        "probability",
        "evidence",
        "unsure",
    )
    assert all(getattr(after, field) == getattr(before, field) for field in kept)


@given(
    st.lists(
        st.builds(
            mention,
            st.text(min_size=1, max_size=40) | st.sampled_from(["won't turn on", "crash", "late", "it is"]),
            st.sampled_from([ISSUE, PRODUCT, "OTHER"]),
            st.sampled_from(["model", "rules", "catalog"]),
            st.sampled_from([None, "issue:late", "issue:too-much:x", "type:crash", "iss-1"]),
            st.sampled_from([None, "late", "Crash or freeze"]),
        ),
        max_size=5,
    )
)
def test_naming_twice_changes_nothing(mentions: list[Mention]) -> None:
    once = NAMER.link(CHAT, mentions)
    assert len(once) == len(mentions)
    assert NAMER.link(CHAT, once) == once


def test_the_settings_name_files_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[[type]]\nid = "goo"\nname = "Purple goo"\ngroup = "x"\npatterns = ["goo"]\n')
    with workshop(load(issue_types=str(path), scorer="evidence"), lambda _: None) as shop:
        read = shop.judge().read(CHAT, [mention("purple goo"), mention("keeps crashing")])
    assert [(each.canonical_id, each.name) for each in read] == [
        ("type:goo", "Purple goo"),
        ("type:crash", "Crash or freeze"),
    ]
