"""What machines read: the JSON with its schema, and the CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from tests.report.runs import MONDAY, RUN, counted_run, findings_of, judged_run

from earmark.model import (
    ISSUE,
    PRODUCT,
    Assertion,
    ConversationRow,
    EntityRow,
    Nearness,
    PairRow,
    State,
    Verdict,
)
from earmark.report import build, pairs_to_csv, to_csv, to_json

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "=cmd()|' /C calc'!A0",
    "nul \x00",
    "lone \ud800 surrogate",
    "",
    "x" * 5000,
)


# JSON


def test_the_contract_is_a_part_of_the_json() -> None:
    report = to_json(counted_run())
    assert report["products"] == {"Router X200": 14, "Tablet": 14}
    assert report["issues"] == {"Router X200": 10, "Tablet": 10}
    assert report["total_interactions_processed"] == 28
    assert report["schema"] == "earmark.report/2"


def test_frequencies_come_commonest_first_then_by_name() -> None:
    rows = [replace(row, canonical_id=row.name) for row in findings_of(("b", "a", "c"), 12)]
    rows += [replace(rows[0], conversation_id="c1", canonical_id="c", name="c")]
    conversations = [
        ConversationRow(f"c{n}", State.WRITTEN, None, "x", None, None, None, 1) for n in range(12)
    ]
    assert list(to_json(build(RUN, conversations, rows))["products"]) == ["c", "a", "b"]


def test_two_ids_with_one_name_do_not_overwrite_each_other() -> None:
    report = to_json(counted_run(("Router", "Router", "Router [id0]")))
    assert sum(report["products"].values()) == 3 * 14
    assert set(report["products"]) == {"Router [id0] [id0]", "Router [id1]", "Router [id0]"}
    assert len({entity["unique_name"] for entity in report["entities"] if entity["label"] == ISSUE}) == 3


@pytest.mark.parametrize("names", [("Router", "Tablet"), HOSTILE])
def test_the_json_matches_its_published_schema(names: tuple[str, ...]) -> None:
    schema = json.loads(files("earmark.report").joinpath("schema.json").read_text("utf-8"))
    reports = (counted_run(names), counted_run(names, 1, finished_at=None), build(RUN, [], []))
    for report in (*reports, judged_run(), judged_run((names[0], names[1]))):
        assert list(violations(json.loads(json.dumps(to_json(report))), schema, schema)) == []


def test_what_was_said_of_issues_is_in_the_json() -> None:
    report = to_json(judged_run())
    assert report["issues"] == {"No light": 8}
    (issue,) = (entity for entity in report["entities"] if entity["label"] == ISSUE)
    assert (issue["resolved"], issue["resolved_share"]["value"]) == (2, 0.25)
    aside = {"negated": 1, "hypothetical": 1, "historical": 0, "asked": 1}
    assert report["apart"] == [
        {"label": ISSUE, "id": "id-No light", "name": "No light", "kept": 8, "review": 1, "aside": aside}
    ]
    label = report["labels"][1]
    assert (label["resolved"], label["aside"], label["findings"]["review"]) == (2, aside, 1)
    assert report["run"]["review"] == {PRODUCT: 0.55, ISSUE: 0.7}


def test_pairs_of_what_was_raised_are_in_the_json_with_how_close_they_were() -> None:
    (pair,) = to_json(judged_run())["pairs"]
    assert pair == {
        "product": "id-Router X200",
        "issue": "id-No light",
        "conversations": 8,
        "nearness": {"clause": 3, "message": 3, "neighbours": 2},
    }


def test_the_schema_check_notices_what_is_wrong() -> None:
    """Guards the check above: a missing, an unknown and an ill-typed key are all reported."""
    schema = json.loads(files("earmark.report").joinpath("schema.json").read_text("utf-8"))
    wrong = to_json(counted_run())
    del wrong["weeks"]
    wrong["surprise"] = 1
    wrong["products"]["Tablet"] = "many"
    wrong["labels"][0]["findings"]["keep"] = -1
    assert sorted(violations(wrong, schema, schema)) == [
        "$ has surprise",
        "$ lacks weeks",
        "$.labels[0].findings.keep is too small",
        "$.products.Tablet is no integer",
    ]


TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip


def violations(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> Iterator[str]:
    """Check the part of JSON Schema that the published schema uses."""
    if "$ref" in schema:
        yield from violations(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, at)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    matches = [isinstance(value, TYPES[kind]) and not (kind != "boolean" and value is True) for kind in kinds]
    if kinds and not any(matches):
        yield f"{at} is no {' or '.join(kinds)}"
        return
    yield from (f"{at} {problem}" for problem in scalar_violations(value, schema))
    if isinstance(value, dict):
        yield from object_violations(value, schema, root, at)
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from violations(item, schema.get("items", {}), root, f"{at}[{position}]")


def scalar_violations(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    if "const" in schema and value != schema["const"]:
        yield f"is not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"is none of {schema['enum']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield "is too small"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield "does not match"
    if isinstance(value, list) and not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 1e9):
        yield f"has {len(value)} items"


def object_violations(
    value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], at: str
) -> Iterator[str]:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    yield from (f"{at} lacks {key}" for key in schema.get("required", ()) if key not in value)
    for key, item in value.items():
        if key not in known and others is False:
            yield f"{at} has {key}"
        elif key in known or others is not True:
            yield from violations(item, known.get(key, others), root, f"{at}.{key}")


# CSV


@pytest.mark.parametrize(
    "name",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1+1", "＋1", "－1", "＠x", " =1",
        "\ufeff=1", "\u200b=1", "\u3000=1",
    ],
)  # fmt: skip
def test_csv_defuses_what_a_spreadsheet_could_run(name: str) -> None:
    report = build(
        RUN,
        [ConversationRow("c0", State.WRITTEN, None, "webchat", None, None, None, 1)],
        [
            EntityRow("c0", name, name, name, Verdict.KEEP, 0.9, "evidence", 1, (name,), ("customer",), True),
            EntityRow("c0", name, f"{name}2", name, Verdict.REVIEW, 0.5, "evidence", 1, (), (), True),
        ],
    )
    row, apart = csv.DictReader(io.StringIO(to_csv(report), newline=""))
    shown = "'" + re.sub(r"[\x00-\x1f]", " ", name)
    assert [row[column] for column in ("label", "id", "name", "forms")] == [shown] * 4
    assert [apart[column] for column in ("label", "id", "name")] == [shown, f"{shown}2", shown]


def test_csv_of_pairs_defuses_formulas_too() -> None:
    conversation = ConversationRow("c0", State.WRITTEN, None, "webchat", None, None, None, 1)
    found = [
        EntityRow("c0", label, "=1", "@x", Verdict.KEEP, 0.9, "evidence", 1, (), (), True)
        for label in (PRODUCT, ISSUE)
    ]
    report = build(RUN, [conversation], found, [PairRow("c0", "=1", "=1", Nearness.CLAUSE)])
    _, row = csv.reader(io.StringIO(pairs_to_csv(report), newline=""))
    assert row == ["'=1", "'@x", "'=1", "'@x", "1", "1", "0", "0"]


@pytest.mark.parametrize("name", ["Router", "a=b", 'say "hi", twice', "'quoted'", "x-200"])
def test_csv_leaves_harmless_text_as_it_is(name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(counted_run((name,))), newline="")))
    assert {row["name"] for row in rows} == {name}


def test_csv_has_one_row_an_entity_and_crlf_line_ends() -> None:
    text = to_csv(counted_run())
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header[:8] == [
        "label", "id", "name", "conversations", "mentions", "share", "share_low", "share_high",
    ]  # fmt: skip
    assert header[12:] == ["resolved", "review", "negated", "hypothetical", "historical", "asked"]
    assert len(rows) == 4
    assert rows[0][:6] == ["PRODUCT", "id0", "Router X200", "14", "28", "0.5"]
    assert text.count("\r\n") == text.count("\n") == 5


def test_csv_tells_raised_from_the_rest_and_lists_what_was_never_raised_last() -> None:
    rows = [
        ("a", Verdict.KEEP, Assertion.RESOLVED),
        ("a", Verdict.ASIDE, Assertion.NEGATED),
        ("b", Verdict.ASIDE, Assertion.HISTORICAL),
        ("b", Verdict.REVIEW, Assertion.PRESENT),
    ]
    found = [
        EntityRow(f"c{n}", ISSUE, key, key, verdict, 0.9, "evidence", 1, (), (), True, assertion)
        for n, (key, verdict, assertion) in enumerate(rows)
    ]
    conversations = [
        ConversationRow(f"c{n}", State.WRITTEN, None, "webchat", None, None, MONDAY, 1) for n in range(4)
    ]
    _, first, second = csv.reader(io.StringIO(to_csv(build(RUN, conversations, found)), newline=""))
    assert (first[1], first[3], first[12:]) == ("a", "1", ["1", "0", "1", "0", "0", "0"])
    assert second == ["ISSUE", "b", "b", "0", *[""] * 9, "1", "0", "0", "1", "0"]
