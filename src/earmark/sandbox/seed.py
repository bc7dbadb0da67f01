"""Where the sandbox's conversations come from, and when they took place."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from earmark.sandbox.chats import Chat, conversation_id, spoken_end

DATA = Path(__file__).parent / "data"
WEEKS = 8
WEEK_SHARES = (6, 7, 9, 8, 11, 12, 15, 17)
OPENS, CLOSES = 8, 18
SATURDAY = 5
KINDS = frozenset({"text", "typing", "receipt", "attachment", "quick_reply", "button"})
QUEUES = ("Customer Care", "Technical Support", "Orders and Returns", "Billing and Accounts")
QUEUE_OF = {
    "Technical Support": (
        "saas software cloud gaming games internet telecom mobile phones routers smart_home fitness_devices "
        "health_devices operating_system cameras tvs antivirus apps laptops earbuds consumer_electronics "
        "photo_tools mail cloud_platform streaming ebooks electronics_retail b2b_saas"
    ),
    "Orders and Returns": (
        "online_clothing_shop fashion_retail groceries home_goods home_appliances food_delivery marketplace "
        "fast_food furniture delivery"
    ),
    "Billing and Accounts": "banking insurance payments subscriptions utilities ticketing",
}
RISING = "internet telecom mobile phones routers smart_home gaming cloud fashion_retail"
FADING = "groceries airline saas utilities online_clothing_shop"
BOTH_MEDIA = ("message", "chat")


class SeedError(ValueError):
    """A conversations file cannot be used; the message says where and why."""


def default_conversations() -> list[dict[str, Any]]:
    """Return the demo's conversations: 130 written for this project, and a few on the edges of what happens.

    Some topics rise over the weeks and some fade. The dicts have the shape that `load_conversations` gives.
    """
    seeds = [_at_home(seed) for seed in load_conversations(DATA / "conversations.jsonl.gz")]
    return seeds + [_unfold(seed) for seed in load_conversations(DATA / "edges.jsonl")]


def load_conversations(path: Path | str) -> Iterator[dict[str, Any]]:
    """Yield the conversations of a JSONL or JSONL.gz file.

    A line is `{"id", "messages": [{"sender", "text"}, ...]}` or `{"id", "text"}`. Optional: `channel`
    (`chat` or `message`), `started_at` (ISO 8601), `queue`, `language`.

    Raises:
        SeedError: A line is neither; the message names the file and the line.
    """
    path = Path(path)
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8") as file
        ):
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _line(f"{path.name}:{number}", line)
    except OSError as error:
        raise SeedError(f"{path} cannot be read: {error.strerror or error}") from None


def to_chat(seed: dict[str, Any], today: date) -> Chat:
    """Make a conversation of the sandbox of a seed; what the seed leaves open follows from its id."""
    name, special = str(seed["id"]), seed.get("sandbox", {})
    messages = _messages(seed)
    identity = conversation_id(name)
    start = _started(seed, name, today)
    queues = special.get("queues") or [seed.get("queue") or QUEUES[_draw(name, "queue") % len(QUEUES)]]
    return Chat(
        id=identity,
        media=_media(seed, name),
        start=start,
        end=None if special.get("open") else spoken_end(start, len(messages)),
        queues=tuple(queues),
        seed=json.dumps(messages, separators=(",", ":")).encode("ascii"),
        tag=None if identity == name else name,
        language=seed.get("language"),
        transfer_at=special.get("transfer_at"),
        reads_left=special.get("not_ready", 0),
        gone=special.get("gone", False),
        attributes=dict(special.get("attributes", {})),
        record=special.get("record"),
    )


def in_order(seeds: Iterable[dict[str, Any]], today: date) -> dict[str, Chat]:
    """Return the conversations by id, oldest first; of equal ids the last counts."""
    chats = {chat.id: chat for chat in (to_chat(seed, today) for seed in seeds)}
    return dict(sorted(chats.items(), key=lambda item: (item[1].start, item[0])))


def _line(where: str, line: str) -> dict[str, Any]:
    try:
        seed = json.loads(line)
    except ValueError as error:
        raise SeedError(f"{where}: no JSON ({error})") from None
    if not isinstance(seed, dict) or "id" not in seed or not ("messages" in seed or "text" in seed):
        raise SeedError(f'{where}: needs "id" and "messages" or "text"')
    return seed


def _messages(seed: dict[str, Any]) -> list[dict[str, str]]:
    raw = seed["messages"] if "messages" in seed else [{"text": seed.get("text")}]
    if not isinstance(raw, list) or not all(isinstance(message, dict) for message in raw):
        raise SeedError(f"conversation {seed['id']}: messages must be a list of objects")
    return [
        {"sender": str(message.get("sender") or "customer"), "text": str(message.get("text") or "")}
        | ({"kind": message["kind"]} if message.get("kind") in KINDS else {})
        for message in raw
    ]


def _media(seed: dict[str, Any], name: str) -> str:
    channel = str(seed.get("channel", "")).lower()
    if channel in {"chat", "message", "voice"}:
        return channel
    if channel == "webmessaging":
        return "message"
    return BOTH_MEDIA[_draw(name, "media") % 2]


def _started(seed: dict[str, Any], name: str, today: date) -> int:
    if "started_at" in seed:
        try:
            when = datetime.fromisoformat(seed["started_at"])
        except (TypeError, ValueError):
            raise SeedError(f"conversation {name}: started_at is no ISO 8601 time") from None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
    else:
        first = today - timedelta(weeks=WEEKS - _week(seed, name))
        days = [day for day in (first + timedelta(days=n) for n in range(7)) if day.weekday() < SATURDAY]
        opening = datetime.combine(days[_draw(name, "day") % len(days)], time(OPENS), UTC)
        when = opening + timedelta(seconds=_draw(name, "time") % ((CLOSES - OPENS) * 3600))
    return int(when.timestamp() * 1000)


def _week(seed: dict[str, Any], name: str) -> int:
    """Return 0 for the oldest week to 7 for the last one."""
    drift = seed.get("sandbox", {}).get("drift", 0)
    draws = [_share(_draw(name, "week")), _share(_draw(name, "second week"))]
    return max(draws) if drift > 0 else min(draws) if drift < 0 else draws[0]


def _share(number: int) -> int:
    point = number % sum(WEEK_SHARES)
    return next(week for week in range(WEEKS) if point < sum(WEEK_SHARES[: week + 1]))


def _draw(name: str, what: str) -> int:
    return int.from_bytes(sha256(f"{what}/{name}".encode("utf-8", "surrogatepass")).digest()[:6])


def _at_home(seed: dict[str, Any]) -> dict[str, Any]:
    topic = str(seed.get("source", "")).rpartition("/")[2]
    queue = next((name for name, topics in QUEUE_OF.items() if topic in topics.split()), QUEUES[0])
    drift = (topic in RISING.split()) - (topic in FADING.split())
    return {**seed, "queue": queue, "sandbox": {"drift": drift}}


def _unfold(seed: dict[str, Any]) -> dict[str, Any]:
    """Write out the long conversation, which the file holds as a few turns and a count."""
    copies = seed.get("sandbox", {}).get("repeat", 1)
    return {**seed, "messages": seed["messages"] * copies}
