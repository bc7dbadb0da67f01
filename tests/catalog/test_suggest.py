"""What is proposed for the catalog, as what, and why."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import Cli

from earmark.catalog import load_catalogs
from earmark.catalog.entry import Entry
from earmark.catalog.suggest import as_rows, suggest
from earmark.model import ISSUE, PRODUCT, EntityRow, Verdict
from earmark.privacy import looks_personal

ENTRIES = (
    Entry("tab", "Nimbus Tablet Pro", family="tablets"),
    Entry("x200", "Router X200"),
    Entry("s23", "Galaxy S23"),
    Entry("s21", "Galaxy S21"),
    Entry("slack", "Slack"),
    Entry("va", "Vertexa Sorolin"),
    Entry("vo", "Vertexo Sorolin"),
    Entry("prd-zorvex", "Quillon"),
)


def rows(name: str, count: int = 5, *forms: str, label: str = PRODUCT) -> Iterator[EntityRow]:
    """One entity of that name, unlinked and kept, in each of so many conversations."""
    for number in range(count):
        yield EntityRow(
            conversation_id=f"{name}-{number}",
            label=label,
            canonical_id=f"x:{name}",
            name=name,
            verdict=Verdict.KEEP,
            confidence=0.8,
            confidence_kind="evidence",
            mentions=1,
            forms=forms or (name,),
            senders=("customer",),
            linked=False,
        )


@pytest.mark.parametrize(
    ("name", "kind", "nearest", "why"),
    [
        ("zorvex", "entry", None, "nothing in the catalog comes close"),
        ("nimbus tablet", "alias", "tab", "lacks 'pro'"),
        ("nimbus tablet pro 5g", "entry", "tab", "says more than 'Nimbus Tablet Pro': '5g'"),
        ("router x300", "entry", None, "nothing in the catalog comes close"),  # an everyday word in common
        ("galaxy s24", "entry", "s23", "has other numbers than 'Galaxy S23': s24, not s23"),
        ("galaxy", "entry", "s23", "is part of 2 names, such as 'Galaxy S23'"),
        ("slack huddles", "entry", "slack", "says more than 'Slack'"),
        ("vertexi sorolin", "alias", None, "fits va and vo equally well"),
        ("phone", "entry", None, "everyday words: a kind of thing rather than one product"),
        ("slaaack", "alias", "slack", "is spelt further from 'Slack' than a word may be"),
        ("nimbus phone", "entry", "tab", "has 'phone' where 'Nimbus Tablet Pro' has 'tablet pro'"),
    ],
)
def test_a_proposal_says_what_kept_the_name_from_linking(
    name: str, kind: str, nearest: str | None, why: str
) -> None:
    (found,) = suggest(rows(name), ENTRIES, 5, looks_personal)
    assert (found.kind, found.nearest and found.nearest.id) == (kind, nearest)
    assert why in found.why


def test_spellings_are_one_proposal_and_conversations_count_once() -> None:
    found = suggest(
        [*rows("iphone 15", 3, "iPhone 15"), *rows("iphone15", 2, "iphone15"), *rows("iphone 15", 3)],
        ENTRIES,
        5,
        looks_personal,
    )
    assert [(each.name, each.conversations, set(each.forms)) for each in found] == [
        ("iphone 15", 5, {"iPhone 15", "iphone15", "iphone 15"})
    ]


def test_what_is_rare_linked_dropped_or_known_by_now_is_not_proposed() -> None:
    every = [
        *rows("rare", 4),
        *(replace(row, linked=True) for row in rows("done")),
        *(replace(row, verdict=Verdict.DROP) for row in rows("noise")),
        *rows("the slack app"),
        *rows("common", 9),
        *rows("usual", 5),
    ]
    found = suggest(every, ENTRIES, 5, looks_personal)
    assert [each.name for each in found] == ["common", "usual"]


def test_personal_data_is_never_proposed_nor_quoted() -> None:
    every = [
        *rows("4111 1111 1111 1111"),
        *rows("ann@example.com"),
        *rows("fairphone", 5, "fairphone", "call 4111111111111111"),
    ]
    (found,) = suggest(every, ENTRIES, 5, looks_personal)
    assert (found.name, found.forms) == ("fairphone", ("fairphone",))


def test_rows_can_be_pasted_new_ones_with_new_ids_known_ones_with_their_alias() -> None:
    found = suggest(
        [*rows("zorvex", 7, "Zorvex"), *rows("nimbus tablet", 6), *rows("humming noise", 5, label=ISSUE)],
        ENTRIES, 5, looks_personal,
    )  # fmt: skip
    assert [
        (row["id"], row["name"], row["label"], row["aliases"], row["family"])
        for row in as_rows(found, ENTRIES)
    ] == [
        ("prd-zorvex-2", "Zorvex", PRODUCT, "", ""),
        ("tab", "Nimbus Tablet Pro", PRODUCT, "nimbus tablet", "tablets"),
        ("iss-humming-noise", "humming noise", ISSUE, "", ""),
    ]


def test_what_fits_two_entries_is_given_to_neither() -> None:
    assert as_rows(suggest(rows("vertexi sorolin"), ENTRIES, 5, looks_personal), ENTRIES) == []


@pytest.mark.parametrize(
    ("forms", "name"),
    [
        (("HULU", "Hulu", "hulu"), "Hulu"),
        (("hulu", "hulu", "Hulu"), "Hulu"),
        (("PS4", "PS4", "ps4"), "PS4"),
        (("pass", "pass", "Passes"), "pass"),  # a plural at the start of a sentence
    ],
)
def test_a_new_entry_is_called_as_careful_people_write_it(forms: tuple[str, ...], name: str) -> None:
    every = [row for n, form in enumerate(forms) for row in _one(form, n)]
    (row,) = as_rows(suggest(every, ENTRIES, 1, looks_personal), ENTRIES)
    assert row["name"] == name


def _one(form: str, number: int) -> Iterator[EntityRow]:
    for row in rows(form.casefold(), 1, form):
        yield replace(row, conversation_id=f"c{number}")


CATALOG = "id,name\nprd-tab,Nimbus Tablet Pro\n"


@pytest.fixture
def run(cli: Cli, tmp_path: Path) -> None:
    """A run over ten chats that name a product that the catalog lacks."""
    lines = [
        {"id": f"c{n}", "messages": [{"sender": "customer", "text": text}]}
        for n, text in enumerate(["my galaxy s21 keeps crashing", "the nimbus tablet pro broke"] * 5)
    ]
    (tmp_path / "chats.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "shop.csv").write_text(CATALOG)
    done = cli(
        "run", "--source", "chats.jsonl", "--writer", "none", "--catalog", "shop.csv", "--scorer", "evidence"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("run")
def test_the_verb_proposes_from_the_journal_and_its_rows_are_a_catalog(cli: Cli, tmp_path: Path) -> None:
    told = cli("catalog", "suggest", "--catalog", "shop.csv")
    assert told.returncode == 0, told.stderr
    assert "5 conversations  PRODUCT  galaxy s21 → entry" in told.stdout
    (each,) = json.loads(cli("catalog", "suggest", "--catalog", "shop.csv", "--json").stdout)["suggestions"]
    assert (each["name"], each["conversations"], each["nearest"]) == ("galaxy s21", 5, None)
    printed = cli("catalog", "suggest", "--catalog", "shop.csv", "--csv").stdout
    assert next(csv.DictReader(io.StringIO(printed)))["id"] == "prd-galaxy-s21"
    (tmp_path / "more.csv").write_text(printed)
    assert [entry.id for entry in load_catalogs([tmp_path / "shop.csv", tmp_path / "more.csv"])][
        -1
    ] == "prd-galaxy-s21"
    rarer = cli("catalog", "suggest", "--catalog", "shop.csv", "--min-conversations", "6")
    assert rarer.stdout.startswith("nothing:")


def test_the_verb_check_exits_2_on_errors_only(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("id,name,aliases\np1,Oven,the\np1,Pan,\n")
    (tmp_path / "fair.csv").write_text("id,name,aliases\np1,Oven,the\n")
    (tmp_path / "tokens.jsonl").write_text(
        '{"label":"PRODUCT","pattern":[{"LOWER":"x","OP":"%"}],"id":"p"}\n'
    )
    bad, fair = cli("catalog", "check", "bad.csv", "--json"), cli("catalog", "check", "fair.csv")
    printed = json.loads(bad.stdout)
    assert (bad.returncode, printed["schema"], printed["errors"], printed["warnings"]) == (
        2,
        "earmark.catalog.check/1",
        1,
        1,
    )
    assert [row["where"] for row in printed["problems"]] == ["bad.csv:2", "bad.csv:3"]
    assert (fair.returncode, "bad.csv" in fair.stdout) == (0, False)
    assert "fair.csv:2: warning: 'the' is a common word" in fair.stdout
    tokens = cli("catalog", "check", "tokens.jsonl")
    assert (tokens.returncode, "tokens.jsonl:1: error: spaCy refuses" in tokens.stdout) == (2, True)
