"""`check` lists everything at once, with its line; reading refuses the same things one by one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from earmark.catalog import load_catalogs
from earmark.catalog.check import check_catalogs
from earmark.catalog.names import NameFinder
from earmark.catalog.reading import MOST_ROWS
from earmark.errors import CatalogError
from earmark.regexes import PatternSet

BAD = """id,name,label,aliases,pattern,parent,short
p1,Oven,PRODUCT,the|X|ovens,,p2,
p2,Grill,PRODUCT,grill pan|grill-pan,(a+)+b$,p1,the Oven
p3,Barbecue,PRODUCT,,(?=x)y,,
p1,Pan,,,,,
p4,Pot,,,,nobody,
p5,,,,,,
p6,Lid,THING,,,,
p7,Grill Lid,PRODUCT,GRILL,,,
p8,Blink,ISSUE,,,p7,
"""


def written(folder: Path, content: str, name: str = "shop.csv") -> Path:
    path = folder / name
    path.write_text(content)
    return path


def test_everything_is_listed_at_once_with_its_line(tmp_path: Path) -> None:
    _, problems = check_catalogs([written(tmp_path, BAD)])
    told = [(problem.where, problem.severe, problem.what) for problem in problems]
    expected = [
        ("shop.csv:2", True, "the parents go round in a cycle: p1 → p2 → p1"),
        ("shop.csv:2", False, "'the' is a common word and was ignored"),
        ("shop.csv:2", False, "'X' is too short and was ignored"),
        ("shop.csv:3", False, "'grill-pan' differs from 'grill pan' only in capitals, spaces or hyphens"),
        ("shop.csv:3", False, "the short name 'the oven' is a full name of 'p1' (shop.csv:2), which wins"),
        ("shop.csv:4", True, "the pattern cannot be used"),
        ("shop.csv:5", True, "the id 'p1' is already used in shop.csv:2"),
        ("shop.csv:6", True, "the parent 'nobody' is no id of this catalog"),
        ("shop.csv:7", True, "the name is empty"),
        ("shop.csv:8", True, "unknown label 'THING'"),
        ("shop.csv:9", True, "'GRILL' stands for 'p2' (shop.csv:3) and for 'p7' (shop.csv:9)"),
        ("shop.csv:10", True, "the parent 'p7' is PRODUCT, this is ISSUE"),
    ]
    assert [(where, severe) for where, severe, _ in told] == [
        (where, severe) for where, severe, _ in expected
    ]
    assert all(what.startswith(start) for (_, _, what), (_, _, start) in zip(told, expected, strict=True))


def test_a_spelling_that_the_matcher_would_not_find_is_no_repetition(tmp_path: Path) -> None:
    """The name DreamStation does not find "Dream Station", so that the alias is needed."""
    _, problems = check_catalogs([written(tmp_path, "id,name,aliases\np1,DreamStation,Dream Station\n")])
    assert problems == []


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("p1,Team,,", "'Team' is an everyday word, and 'p1' is found wherever somebody writes it"),
        ("p1,Acme Team,TEAMS,", "'TEAMS' is an everyday word"),
        ("p1,Acme Pro,,the|it|Pro", "the short name 'the' is a common word and was ignored"),
        ("p1,Acme Team,acme team plan,Team", None),
        ("p1,dress,,", None),
    ],
)
def test_names_that_are_found_wherever_people_write_are_doubtful(
    tmp_path: Path, row: str, what: str | None
) -> None:
    _, problems = check_catalogs([written(tmp_path, f"id,name,aliases,short\n{row}\n")])
    assert not any(problem.severe for problem in problems)
    assert [problem.what.startswith(what or "-") for problem in problems][:1] == ([True] if what else [])


def test_capitals_make_a_plan_a_name(tmp_path: Path) -> None:
    path = written(tmp_path, "id,name,case_sensitive\np1,Team,yes\n")
    assert check_catalogs([path])[1] == []


def test_a_good_catalog_has_no_problems_and_gives_its_entries(tmp_path: Path) -> None:
    path = written(
        tmp_path, "id,name,parent,short\nn,Nimbus,,\nn1,Nimbus Pro,n,the Pro|Pro\nn2,Vertex Pro,,Pro\n"
    )
    entries, problems = check_catalogs([path])
    assert problems == []
    assert [(entry.parent, entry.short) for entry in entries] == [
        ("", ()),
        ("n", ("the Pro", "Pro")),
        ("", ("Pro",)),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "id,name,parent\na,Aster,b\nb,Bell,c\nc,Cedar,a\n",
            "shop.csv:2: the parents go round in a cycle: a → b → c → a",
        ),
        ("id,name,parent\na,Aster,a\n", "shop.csv:2: the parents go round in a cycle: a → a"),
        ("id,name,parent\na,Aster,z\n", "shop.csv:2: the parent 'z' is no id of this catalog"),
        (
            "id,name,aliases\na,Aster," + "x" * 201 + "\n",
            "shop.csv:2: 'xxxxxxxxxxxxxxxxxxxx'… has 201 characters",
        ),
        ("id,name,short\na,Aster," + "x" * 201 + "\n", "has 201 characters, and 200 are the most"),
        ("id,name,pattern\na,Aster,((a{500}){500}){500}\n", "shop.csv:2: the pattern cannot be used"),
        ("id,name,pattern\na,Aster,[a-z]+\n", "shop.csv:2: the pattern finds everyday words too"),
        ("id,name,pattern\na,Aster,.\n", "shop.csv:2: the pattern finds everyday words too"),
        ("id;name\na;Aster\n", "shop.csv:1: its columns are separated by semicolons"),
        ("id\tname\na\tAster\n", "shop.csv:1: its columns are separated by tabs"),
        ("id,name\na,As\0ter\n", "shop.csv:2: 'As\\x00ter' holds the control character U+0000"),
        ('id,name\na,"As\nter"\n', "holds the control character U+000A"),
        ("id,name,aliases\na\x1b[2J,Aster,\n", "holds the control character U+001B"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load_catalogs([written(tmp_path, content)])
    assert message in str(caught.value)


def test_entries_below_a_cycle_do_not_repeat_it(tmp_path: Path) -> None:
    path = written(tmp_path, "id,name,parent\na,Aster,b\nb,Bell,a\nc,Cedar,a\nd,Dill,c\n")
    _, problems = check_catalogs([path])
    assert [problem.where for problem in problems] == ["shop.csv:2"]


def test_a_parent_may_stand_in_another_file(tmp_path: Path) -> None:
    child = written(tmp_path, "id,name,parent\na,Aster,b\n", "one.csv")
    parent = written(tmp_path, "id,name\nb,Bell\n", "two.csv")
    assert [entry.id for entry in load_catalogs([child, parent])] == ["a", "b"]


def test_two_hundred_characters_are_still_a_name(tmp_path: Path) -> None:
    (entry,) = load_catalogs([written(tmp_path, f"id,name\na,{'x' * 200}\n")])
    assert len(entry.name) == 200


def test_a_million_rows_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_bytes(b"id,name\n" + b"not,even,good\n" * (MOST_ROWS + 1))
    with pytest.raises(CatalogError, match=r"more than 1,000,000 lines"):
        load_catalogs([path])


def test_catastrophic_expressions_take_linear_time() -> None:
    """(a+)+$ makes backtracking engines take two to the power of the length."""
    patterns = PatternSet([("(a+)+$", False), ("(x|x|x)*y", False)])
    began = time.process_time()
    assert list(patterns.finditer("a" * 20_000 + "!" + "x" * 20_000)) == []
    assert time.process_time() - began < 5


def test_a_name_that_two_entries_share_as_their_short_name_is_no_collision(tmp_path: Path) -> None:
    path = written(tmp_path, "id,name,short\na,Aster Pro,Pro\nb,Bell Pro,Pro\n")
    assert list(NameFinder(load_catalogs([path]))("the Pro")) == []
