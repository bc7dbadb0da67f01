"""Sources, writers and times as users write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from earmark.errors import ConfigError
from earmark.specs import moment, split_spec


@pytest.mark.parametrize(
    ("spec", "what", "expected"),
    [
        ("genesys", "source", ("genesys", "")),
        ("genesys:batch", "source", ("genesys", "batch")),
        ("interactions", "source", ("interactions", "")),
        ("files:chats.jsonl", "source", ("files", "chats.jsonl")),
        ("chats.jsonl", "source", ("files", "chats.jsonl")),
        ("some/folder", "source", ("files", "some/folder")),
        ("-", "source", ("files", "-")),
        ("files:out.jsonl", "writer", ("files", "out.jsonl")),
        ("none", "writer", ("none", "")),
    ],
)
def test_a_spec_names_a_kind_and_a_detail(spec: str, what: str, expected: tuple[str, str]) -> None:
    assert split_spec(spec, what) == expected


@pytest.mark.parametrize("spec", ["", "genesis", "files", "custom_attributes"])
def test_a_spec_of_no_kind_is_refused_with_those_that_exist(spec: str) -> None:
    with pytest.raises(ConfigError) as raised:
        split_spec(spec, "source")
    assert "genesys, interactions, files" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T08:00+01:00", datetime(2026, 3, 1, 7, tzinfo=UTC)),
        ("2026-03-01T08:00:00Z", datetime(2026, 3, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, expected: datetime) -> None:
    assert moment(text) == expected


@pytest.mark.parametrize(("text", "ago"), [("36h", 1.5), ("7d", 7), ("8w", 56)])
def test_a_time_may_be_so_long_ago(text: str, ago: float) -> None:
    found = moment(text)
    assert found is not None
    assert abs(datetime.now(UTC) - timedelta(days=ago) - found) < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["yesterday", "7", "2026-13-01", "d7"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no time"):
        moment(text)
