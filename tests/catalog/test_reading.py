"""Reading a catalog: what is accepted, and a message that names the line for everything that is not."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from earmark.catalog import Entry, load_catalogs, reading
from earmark.catalog.names import NameFinder
from earmark.errors import CatalogError
from earmark.model import ISSUE, PRODUCT


def written(folder: Path, content: str | bytes, name: str = "shop.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_csv_gives_entries_with_everything_a_row_says(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "\ufeffID,Name,label,aliases,pattern,case_sensitive,family\n"
        'p1,Kettle 300,product,Kettle|K-300,"KT\\d{3,4}",yes,kitchen\n'
        "\n"
        "i1,charged twice,ISSUE,,,,\n",
    )
    kettle, charged = load_catalogs([path])
    assert kettle == Entry(
        "p1",
        "Kettle 300",
        PRODUCT,
        ("Kettle", "K-300"),
        (r"KT\d{3,4}",),
        (),
        True,
        "kitchen",
        where="shop.csv:2",
    )
    assert (charged.label, charged.where) == (ISSUE, "shop.csv:4")


def test_jsonl_lines_with_one_id_are_spellings_of_one_entry(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '{"label":"PRODUCT","pattern":"Kettle 300","id":"p1"}\n'
        '{"label":"PRODUCT","pattern":"big kettle","id":"p1"}\n'
        '{"label":"PRODUCT","pattern":[{"LOWER":"k"},{"IS_DIGIT":true}],"id":"p1"}\n'
        '{"label":"ISSUE","pattern":"No Steam"}\n',
        "shop.jsonl",
    )
    kettle, steam = load_catalogs([path])
    assert (kettle.name, kettle.aliases, len(kettle.token_patterns)) == ("Kettle 300", ("big kettle",), 1)
    assert (steam.id, steam.label) == ("no-steam", ISSUE)


BAD_CSV = {
    "empty file": ("", "empty"),
    "only a header": ("id,name\n", "no entries"),
    "no header": ("p1,Kettle\n", "shop.csv:1: there is no column id and no column name"),
    "unknown column": ("id,name,alias\np1,Kettle,K\n", "shop.csv:1: unknown column 'alias'"),
    "column twice": ("id,name,name\np1,Kettle,K\n", "shop.csv:1: a column occurs twice"),
    "too many cells": ("id,name\np1,Kettle,K\n", "shop.csv:2: 3 cells under 2 columns"),
    "no name": ("id,name\np1,Kettle\np2,\n", "shop.csv:3: the name is empty"),
    "no id": ("id,name\n,Kettle\n", "shop.csv:2: the id is empty"),
    "unknown label": ("id,name,label\np1,Kettle,THING\n", "shop.csv:2: unknown label 'THING'"),
    "odd flag": ("id,name,case_sensitive\np1,Kettle,maybe\n", "shop.csv:2: case_sensitive is 'maybe'"),
    "bad expression": ("id,name,pattern\np1,Kettle,K(\n", "shop.csv:2: the pattern cannot be used"),
    "look-ahead": ("id,name,pattern\np1,Kettle,(?=K)\n", "shop.csv:2: the pattern cannot be used"),
    "empty match": (
        "id,name,pattern\np1,Kettle,K*\n",
        "shop.csv:2: the pattern cannot be used: it matches the empty",
    ),
    "id twice": ("id,name\np1,Kettle\np1,Pan\n", "shop.csv:3: the id 'p1' is already used in shop.csv:2"),
    "open quote": ('id,name\np1,"Kettle\n', "not readable as CSV"),
}


@pytest.mark.parametrize(("content", "message"), BAD_CSV.values(), ids=BAD_CSV)
def test_bad_csv_names_file_line_and_reason(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load_catalogs([written(tmp_path, content)])
    assert message in str(caught.value)


BAD_JSONL = {
    "not JSON": ('{"label":', ":1: not JSON"),
    "a list": ("[]", ":1: needs a label and a pattern"),
    "no label": ('{"pattern":"x"}', ":1: needs a label and a pattern"),
    "foreign label": ('{"label":"ORG","pattern":"Acme"}', ":1: unknown label 'ORG'"),
    "empty pattern": ('{"label":"PRODUCT","pattern":" "}', ":1: the pattern must be"),
    "number as id": ('{"label":"PRODUCT","pattern":"x","id":7}', ":1: the id must be text"),
    "odd id": (
        '{"label":"PRODUCT","pattern":"x2","id":"p\\n1"}',
        ":1: 'p\\n1' holds the control character U+000A",
    ),
    "half a character": (
        '{"label":"PRODUCT","pattern":"x\\ud800"}',
        ":1: 'x\\ud800' holds the control character",
    ),
    "tokens without id": ('{"label":"PRODUCT","pattern":[{"LOWER":"x"}]}', ":1: the pattern must be"),
    "no tokens": ('{"label":"PRODUCT","pattern":[],"id":"p"}', ":1: a token pattern is a non-empty list"),
    "needs a tagger": ('{"label":"PRODUCT","pattern":[{"LEMMA":"x"}],"id":"p"}', "'LEMMA' is not supported"),
    "backtracking expression": (
        '{"label":"PRODUCT","pattern":[{"TEXT":{"REGEX":"(a+)+$"}}],"id":"p"}',
        ":1: TEXT compares with REGEX",
    ),
    "two labels": (
        '{"label":"PRODUCT","pattern":"x1","id":"p"}\n{"label":"ISSUE","pattern":"x2","id":"p"}',
        ":2: 'p' is PRODUCT in shop.jsonl:1, ISSUE here",
    ),
}


@pytest.mark.parametrize(("content", "message"), BAD_JSONL.values(), ids=BAD_JSONL)
def test_bad_jsonl_names_line_and_reason(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load_catalogs([written(tmp_path, content, "shop.jsonl")])
    assert message in str(caught.value)


def test_files_that_cannot_be_read_are_catalog_errors(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="No such file"):
        load_catalogs([tmp_path / "absent.csv"])
    with pytest.raises(CatalogError, match="not UTF-8"):
        load_catalogs([written(tmp_path, "id,name\np1,Küche\n".encode("latin-1"))])


def test_one_id_in_two_files_is_refused(tmp_path: Path) -> None:
    one = written(tmp_path, "id,name\np1,Kettle\n", "one.csv")
    two = written(tmp_path, "id,name\np1,Pan\n", "two.csv")
    with pytest.raises(CatalogError, match=r"two\.csv:2.*one\.csv:2"):
        load_catalogs([one, two])


@pytest.mark.parametrize("spelling", ["Grill", "grill", "GRILL"])
def test_one_spelling_for_two_entries_names_both_lines(tmp_path: Path, spelling: str) -> None:
    entries = load_catalogs([written(tmp_path, f"id,name,aliases\np1,Oven,grill\np2,Barbecue,{spelling}\n")])
    with pytest.raises(CatalogError, match=r"'p1' \(shop\.csv:2\) and for 'p2' \(shop\.csv:3\)"):
        NameFinder(entries)


def test_capitals_may_tell_two_entries_apart() -> None:
    entries = (
        Entry("p1", "Cold", case_sensitive=True),
        Entry("i1", "cold", ISSUE, case_sensitive=True),
    )
    finder = NameFinder(entries)
    assert [(found.start, found.index) for found in finder("cold soup in Cold storage")] == [(0, 1), (13, 0)]


def test_aliases_that_would_match_everywhere_are_ignored_with_a_warning() -> None:
    finder = NameFinder((Entry("p1", "Oven", aliases=("the", "X", "cooker"), where="shop.csv:2"),))
    assert [found.start for found in finder("the X in the cooker")] == [13]
    assert finder.warnings == [
        "shop.csv:2: 'the' is a common word and was ignored",
        "shop.csv:2: 'X' is too short and was ignored",
    ]


def test_time_grows_with_the_aliases_of_an_entry_not_with_their_square() -> None:
    aliases = tuple(f"zorvex {number}x" for number in range(10_000))
    began = time.process_time()
    finder = NameFinder((Entry("p1", "Zorvex", aliases=aliases),))
    assert time.process_time() - began < 2
    assert [found.end for found in finder("a zorvex 9999x")] == [8, 14]


def test_a_hundred_thousand_names_are_found_exactly(tmp_path: Path) -> None:
    rows = "".join(f"p{i},Zorvex Model {i}x\n" for i in range(100_000))
    entries = load_catalogs([written(tmp_path, "id,name\n" + rows)])
    finder = NameFinder(entries)
    text = "my zorvex model 99999x and a Zorvex Model 7x, not Zorvex Model 1000000x"
    assert [entries[found.index].id for found in finder(text)] == ["p99999", "p7"]


OPEN = '{"label":"PRODUCT","id":"x","pattern":[%s]}\n'
TOO_MUCH = {
    "a cell": ("c.csv", "id,name,family\np1,Alpha," + "x" * 100_001 + "\n", "c.csv:2: the family has more than"),
    "a pattern": ("c.csv", "id,name,pattern\np1,Alpha," + "x" * 10_001 + "\n", "c.csv:2: the pattern has 10,001"),
    "a line": ("c.csv", "id,name\n" + "x" * (1 << 20 | 1), "c.csv:2: a line of more than 1,048,576 characters"),
    "a JSON line": ("c.jsonl", "x" * (1 << 20 | 1), "c.jsonl:1: a line of more than"),
    "tokens": ("c.jsonl", OPEN % ",".join(['{"LOWER":"a"}'] * 21), "c.jsonl:1: a token pattern of 21 tokens"),
    "operators": ("c.jsonl", OPEN % ",".join(['{"LOWER":"a","OP":"*"}'] * 4), "c.jsonl:1: more than 3 tokens"),
    "times": ("c.jsonl", OPEN % '{"LOWER":"a","OP":"{1,99999}"}', "c.jsonl:1: the OP {1,99999} says more than 10"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "told"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_is_too_much_is_refused_with_its_line(tmp_path: Path, name: str, text: str, told: str) -> None:
    """However a file got so, neither reading nor finding may take all memory."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(CatalogError, match=f"^{re.escape(told)}"):
        load_catalogs([path])


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_another_encoding_is_refused_with_its_line(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes("id,name\np1,Café\n".encode(encoding))
    line = 2 if encoding == "latin-1" else 1
    with pytest.raises(CatalogError, match=f"^c.csv:{line}: not UTF-8 text"):
        load_catalogs([path])


def test_a_pipe_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lines cannot be counted beforehand."""
    monkeypatch.setattr(reading, "MOST_ROWS", 1_000)
    path = tmp_path / "endless.jsonl"
    os.mkfifo(path)
    pipe = os.open(path, os.O_RDWR)
    with subprocess.Popen(["yes", OPEN.strip() % '{"LOWER":"a"}'], stdout=pipe) as endless:
        try:
            with pytest.raises(CatalogError, match="more than 1,000 lines"):
                load_catalogs([path])
        finally:
            endless.kill()
            os.close(pipe)
