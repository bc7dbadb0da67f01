"""Where conversations come from, and that they are spread as a real contact centre's are."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from earmark.sandbox import Sandbox, SeedError, default_conversations, load_conversations

TODAY = date(2026, 3, 2)
DAY_MS = 86_400_000
TODAY_MS = (TODAY - date(1970, 1, 1)).days * DAY_MS
HI = [{"sender": "customer", "text": "hi"}]


def chats_of(*seeds: dict[str, Any]) -> list[Any]:
    return list(Sandbox(seeds, today=TODAY).state.chats.values())


def test_the_demo_has_the_labelled_conversations_and_a_dozen_edges(seeds: list[dict[str, Any]]) -> None:
    edges = [seed for seed in seeds if seed["source"] == "edges"]
    assert len(seeds) - len(edges) == 130
    assert len(edges) >= 12
    assert sum("spans" in message for seed in seeds[:130] for message in seed["messages"]) > 1000


def test_the_demo_fills_eight_weeks_both_media_and_several_queues(seeds: list[dict[str, Any]]) -> None:
    chats = chats_of(*seeds)
    weeks = Counter((TODAY_MS - chat.start - 1) // (7 * DAY_MS) for chat in chats)
    assert set(weeks) == set(range(8))
    assert max(weeks.values()) > 2 * min(weeks.values())
    media = Counter(chat.media for chat in chats)
    assert min(media["chat"], media["message"]) > 40
    assert len({queue for chat in chats for queue in chat.queues}) >= 4
    assert all(chat.last_moment <= TODAY_MS for chat in chats)


def test_conversations_take_place_on_working_days_in_business_hours(seeds: list[dict[str, Any]]) -> None:
    for chat in chats_of(*seeds):
        hour, weekday = chat.start % DAY_MS / 3_600_000, (chat.start // DAY_MS + 3) % 7
        assert 8 <= hour < 18
        assert weekday < 5


def test_the_same_seed_gives_the_same_organisation(seeds: list[dict[str, Any]]) -> None:
    assert chats_of(*seeds) == chats_of(*default_conversations())


def test_another_today_moves_the_window_but_not_the_ids(seeds: list[dict[str, Any]]) -> None:
    later = Sandbox(seeds, today=TODAY + timedelta(days=70)).state.chats
    assert set(later) == {chat.id for chat in chats_of(*seeds)}
    assert min(chat.start for chat in later.values()) > TODAY_MS


def test_a_uuid_stays_and_another_id_becomes_one_and_the_external_tag() -> None:
    kept = "0c2f0d5e-6a6b-4f0e-9d57-0c6f3a6b1a11"
    by_text = {
        chat.tag: chat.id for chat in chats_of({"id": kept, "text": "a"}, {"id": "order 7", "text": "b"})
    }
    assert by_text[None] == kept
    assert UUID(by_text["order 7"]).version == 5


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_files_load_plain_and_zipped(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"chats{suffix}"
    lines = [
        {"id": "a", "text": "my X200 is dead"},
        {"id": 7, "messages": [{"sender": "agent", "text": "Hello"}]},
    ]
    data = "\n\n".join(json.dumps(line) for line in lines).encode()
    path.write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    assert list(load_conversations(path)) == lines


@pytest.mark.parametrize(
    ("line", "message"),
    [("{", "no JSON"), ('{"id": "a"}', "messages"), ('["a"]', '"id"'), ('{"text": "a"}', '"id"')],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text('{"id": "a", "text": "b"}\n' + line + "\n")
    with pytest.raises(SeedError, match=rf"chats\.jsonl:2: .*{message}"):
        list(load_conversations(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match=r"none\.jsonl cannot be read"):
        list(load_conversations(tmp_path / "none.jsonl"))


@pytest.mark.parametrize(
    "seed",
    [
        {"id": "a", "messages": "no"},
        {"id": "a", "messages": ["no"]},
        {"id": "a", "text": "b", "started_at": "soon"},
    ],
)
def test_a_seed_that_makes_no_sense_is_refused(seed: dict[str, Any]) -> None:
    with pytest.raises(SeedError, match="conversation a"):
        Sandbox([seed], today=TODAY)


@pytest.mark.parametrize(
    ("channel", "media"),
    [("chat", "chat"), ("message", "message"), ("webmessaging", "message"), ("voice", "voice")],
)
def test_the_channel_of_a_seed_counts(channel: str, media: str) -> None:
    assert chats_of({"id": "a", "channel": channel, "messages": HI})[0].media == media


def test_hostile_text_goes_through_unharmed(start: Callable[..., Any]) -> None:
    """Half a surrogate pair, NUL and zero-width characters arrive as they were."""
    text = "a\ud83d\x00b\u200bc\u202ed"
    _, client = start({"id": "a", "channel": "message", "text": text})
    entity = client.get("/api/v2/interactions").json()["entities"][0]
    assert entity["messages"][0]["text"] == text
