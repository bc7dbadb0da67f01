"""The Genesys source against the sandbox: every way to list, every way to the text, every interruption."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from earmark.errors import AccessDeniedError, ConfigError, RateLimitedError, UnavailableError
from earmark.genesys.session import Credentials, Session, open_session
from earmark.model import Fetched, Gone, Listing, NotReady, Ready, Sender, Unreadable, Window
from earmark.sandbox import FaultPlan, Sandbox
from earmark.sources.genesys import GenesysSource

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
RECENT = Window(NOW - timedelta(days=2, hours=9), NOW)
LONG = Window(NOW - timedelta(days=60), NOW)


def chat(
    name: str, *, channel: str = "message", day: int = 1, said: str = "my hub is dead", **sandbox: Any
) -> dict[str, Any]:
    """A seed for the sandbox that took place `day` days ago at ten past eight, UTC."""
    started = NOW.replace(hour=8, minute=10) - timedelta(days=day)
    messages = [{"sender": "customer", "text": said}, {"sender": "agent", "text": "I see"}]
    seed = {"id": name, "channel": channel, "started_at": started.isoformat(), "messages": messages}
    return seed | {"queue": "Billing", "sandbox": sandbox}


def fault(route: str, kind: str, **rule: Any) -> dict[str, Any]:
    options = {
        key: rule.pop(key) for key in ("status", "retry_after", "permission", "applied") if key in rule
    }
    return {"route": route, "fault": {"kind": kind, **options}, **rule}


class Stage:
    """A sandbox, a session on it and a source; more sources on the same session by `source`."""

    def __init__(self, stack: ExitStack, seeds: list[dict[str, Any]] | None, options: dict[str, Any]) -> None:
        faults = FaultPlan.load({"rules": options.pop("faults", [])})
        settings: dict[str, Any] = {"today": TODAY, "rate_limit": 1_000_000, "clock": NOW.timestamp}
        self.sandbox = stack.enter_context(Sandbox(seeds, faults=faults, **settings | options))
        credentials = Credentials(self.sandbox.url, self.sandbox.client_id, self.sandbox.client_secret)
        self.session: Session = stack.enter_context(open_session(credentials, retry_pause=0.0005))
        self.session.gate.acquire()  # and learn at once that nothing has to be paced
        told = {"count": "1", "allowed": "1000000", "reset": "60"}
        self.session.gate.settle({f"inin-ratelimit-{name}": value for name, value in told.items()})

    def source(self, **options: Any) -> GenesysSource:
        return GenesysSource(self.session, now=lambda: NOW + timedelta(minutes=2), **options)

    def listed(self, window: Window = RECENT, **options: Any) -> list[Listing]:
        return [each for page in self.source(**options).pages(window) for each in page.listings]

    def requests(self, route: str) -> int:
        return int(self.sandbox.stats()["requests"][route])


@pytest.fixture
def stage() -> Iterator[Callable[..., Stage]]:
    with ExitStack() as stack:

        def begin(*seeds: dict[str, Any], **options: Any) -> Stage:
            return Stage(stack, list(seeds) or None, options)

        yield begin


Begin = Callable[..., Stage]


def by_id(results: Iterator[Fetched]) -> dict[str, Fetched]:
    found = list(results)
    assert len({each.id for each in found}) == len(found)
    return {each.id: each for each in found}


# listing


@pytest.mark.parametrize("mode", ["query", "job"])
def test_finished_chats_of_both_media_are_listed_and_nothing_else(stage: Begin, mode: str) -> None:
    found = stage(
        chat("a"),
        chat("b", channel="chat"),
        chat("call", channel="voice"),
        chat("goes on", open=True),
        chat("too old", day=3),
    ).listed(listing=mode)
    assert sorted(each.channel for each in found) == ["webchat", "webmessaging"]
    assert {each.queue for each in found} == {"Billing"}
    for each in found:
        assert each.sessions
        assert each.revision
        assert "customer" in {participant.purpose for participant in each.participants}


def test_the_window_decides_which_way_is_taken(stage: Begin) -> None:
    """Recent windows by query, longer ones by job; the queue names are read once."""
    on = stage(*(chat(f"c{day}", day=day) for day in range(1, 30)))
    assert len(on.listed(RECENT)) == 2
    assert (on.requests("jobs.submit"), on.requests("queues")) == (0, 1)
    assert len(on.listed(LONG)) == 29
    assert on.requests("jobs.submit") == 1


@pytest.mark.parametrize("mode", ["query", "job"])
def test_the_window_is_exact_and_half_open(stage: Begin, mode: str) -> None:
    """The service matches days or activity; what ended outside [since, until) is left out here."""
    on = stage(chat("a"), chat("b", day=2))
    (late,) = (each for each in on.listed(listing=mode) if each.ended_at and each.ended_at.day == 1)
    end = late.ended_at
    assert end is not None
    instant = timedelta(milliseconds=1)

    def listed(since: datetime, until: datetime) -> list[str]:
        return [each.id for each in on.listed(Window(since, until), listing=mode)]

    assert listed(end, end + instant) == [late.id]
    assert late.id not in listed(end - timedelta(hours=1), end)
    assert listed(end + instant, end + timedelta(hours=1)) == []


def test_an_open_window_ends_a_minute_ago_and_an_empty_one_asks_for_nothing(stage: Begin) -> None:
    on = stage(chat("a"))
    assert len({each.id for each in on.listed(Window())}) == 1
    before = on.session.usage().requests
    assert on.listed(Window(NOW, NOW)) == []
    assert on.session.usage().requests == before


@pytest.mark.parametrize("mode", ["query", "job"])
def test_all_pages_are_read_and_the_last_one_says_so(stage: Begin, mode: str) -> None:
    on = stage(*(chat(f"c{n}") for n in range(205)))
    pages = list(on.source(listing=mode).pages(RECENT))
    assert len({each.id for page in pages for each in page.listings}) == 205
    assert [page.cursor is None for page in pages] == [False] * (len(pages) - 1) + [True]


@pytest.mark.parametrize("mode", ["query", "job"])
def test_listing_goes_on_from_any_cursor(stage: Begin, mode: str) -> None:
    """Whatever page a crash comes after, the pages before it and those after its cursor are the whole."""
    on = stage(*(chat(f"c{n}") for n in range(205)))
    whole = {each.id for each in on.listed(listing=mode)}
    pages = list(on.source(listing=mode).pages(RECENT))
    for crash in range(len(pages) - 1):
        known = {each.id for page in pages[: crash + 1] for each in page.listings}
        rest = on.source(listing=mode).pages(Window(), pages[crash].cursor)
        assert known | {each.id for page in rest for each in page.listings} == whole


def test_a_job_that_is_gone_is_submitted_again(stage: Begin) -> None:
    on = stage(*(chat(f"c{n}") for n in range(120)))
    cursor = next(page.cursor for page in on.source(listing="job").pages(LONG) if page.listings)
    saved = json.loads(cursor or "")
    saved["job"] = "00000000-0000-4000-8000-000000000000"
    pages = on.source(listing="job").pages(LONG, json.dumps(saved))
    assert len({each.id for page in pages for each in page.listings}) == 120
    assert on.requests("jobs.submit") == 2


@pytest.mark.parametrize("cursor", ["x", "{}", "[]", '{"v":2}', '{"v":1,"since":"x"}'])
def test_a_cursor_that_cannot_be_read_is_said_to_be(stage: Begin, cursor: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        next(stage(chat("a")).source().pages(RECENT, cursor))


@pytest.mark.parametrize("kind", ["job_failed", "job_expired"])
def test_a_job_that_fails_once_is_repeated_and_one_that_fails_again_is_not(stage: Begin, kind: str) -> None:
    once = stage(chat("a"), faults=[fault("jobs.status", kind, times=1)])
    assert len(once.listed(LONG)) == 1
    always = stage(chat("a"), faults=[fault("jobs.status", kind)])
    with pytest.raises(UnavailableError, match="twice"):
        always.listed(LONG)
    assert always.requests("jobs.submit") == 2


@pytest.mark.parametrize("kind", ["bad_cursor", "repeat_cursor"])
def test_a_cursor_that_is_refused_or_repeats_restarts_the_job_once(stage: Begin, kind: str) -> None:
    seeds = [chat(f"c{n}") for n in range(250)]
    once = stage(*seeds, faults=[fault("jobs.results", kind, after=1, times=1)])
    assert len({each.id for each in once.listed(LONG)}) == 250
    always = stage(*seeds, faults=[fault("jobs.results", kind)])
    with pytest.raises(UnavailableError):
        always.listed(LONG)
    assert always.requests("jobs.submit") == 2


def test_an_empty_page_with_a_cursor_is_not_the_end(stage: Begin) -> None:
    on = stage(
        *(chat(f"c{n}") for n in range(250)), faults=[fault("jobs.results", "empty_page", after=1, times=1)]
    )
    assert len({each.id for each in on.listed(LONG)}) == 250


def test_finished_jobs_are_deleted_so_that_they_hold_no_place(stage: Begin) -> None:
    on = stage(chat("a"))
    on.listed(LONG)
    assert on.requests("jobs.cancel") == on.requests("jobs.submit") == 1


def test_what_the_jobs_data_does_not_reach_yet_is_listed_by_query(stage: Begin) -> None:
    """The copy that jobs read lags by a day and a half: yesterday's chat is not in it."""
    on = stage(chat("new"), chat("old", day=9), data_lag=1.5 * 86_400)
    assert len(on.listed(LONG)) == 2
    assert on.requests("details.query") > 0


def test_a_day_that_a_query_cannot_show_whole_is_listed_by_job(
    stage: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service shows 10,000 of a query (here 200); a job has no such limit."""
    monkeypatch.setattr("earmark.genesys.listing.QUERY_CAP", 200)
    on = stage(*(chat(f"c{n}") for n in range(250)), chat("other day", day=2))
    assert len({each.id for each in on.listed(RECENT, listing="query")}) == 251
    assert on.requests("jobs.submit") == 1


def test_an_overfull_day_that_jobs_do_not_reach_yet_is_not_listed_in_part(
    stage: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earmark.genesys.listing.QUERY_CAP", 200)
    on = stage(*(chat(f"c{n}") for n in range(250)), data_lag=2 * 86_400)
    with pytest.raises(UnavailableError, match="jobs reach"):
        on.listed(RECENT)


@pytest.mark.parametrize("kind", ["html", "not_json", "list", "null", "empty", "truncate", "bad_utf8"])
@pytest.mark.parametrize("route", ["details.query", "jobs.results"])
def test_a_broken_page_is_read_again_and_never_taken_for_the_end(stage: Begin, route: str, kind: str) -> None:
    window = RECENT if route == "details.query" else LONG
    once = stage(chat("a"), faults=[fault(route, kind, times=1)])
    assert len(once.listed(window)) == 1
    always = stage(chat("a"), faults=[fault(route, kind)])
    with pytest.raises(UnavailableError):
        always.listed(window)


@pytest.mark.parametrize("kind", ["null_enums", "unknown_enums", "duplicates", "reorder"])
def test_odd_pages_are_lived_with(stage: Begin, kind: str) -> None:
    on = stage(chat("a"), chat("b"), faults=[fault("details.query", kind)])
    pages = list(on.source().pages(RECENT))
    found = {each.id for page in pages for each in page.listings}
    skipped = {each.where for page in pages for each in page.rejected}
    assert found | skipped == {each.id for each in stage(chat("a"), chat("b")).listed()}
    assert not skipped or kind == "unknown_enums"


def test_a_missing_permission_to_list_is_named(stage: Begin) -> None:
    denied = fault("details.query", "status", status=403, permission="analytics:conversationDetail:view")
    with pytest.raises(AccessDeniedError, match="analytics:conversationDetail:view"):
        stage(chat("a"), faults=[denied]).listed()


def test_queues_stay_ids_where_their_names_may_not_be_read(stage: Begin) -> None:
    denied = fault("queues", "status", status=403, permission="routing:queue:view")
    (found,) = stage(chat("a"), faults=[denied]).listed()
    assert found.queue
    assert found.queue != "Billing"


def test_a_transferred_conversation_belongs_to_the_last_queue(stage: Begin) -> None:
    (found,) = stage(chat("a", queues=["First", "Second"], transfer_at=1)).listed()
    assert found.queue == "Second"


# text

ROUTES = ["recordings", "batch", "messages", "transcripts"]


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_brings_the_same_words_from_the_same_people(stage: Begin, route: str) -> None:
    on = stage(chat("a", said="Hub 2 shows <E17> & dies"), chat("b", channel="chat", said="AT&T <modem>"))
    results = by_id(on.source(text=route).fetch(on.listed()))
    assert len(results) == 2
    for result in results.values():
        assert isinstance(result, Ready)
        words = [(m.sender, m.text) for m in result.conversation.messages]
        said = "AT&T <modem>" if result.conversation.channel == "webchat" else "Hub 2 shows <E17> & dies"
        assert words == [(Sender.CUSTOMER, said), (Sender.AGENT, "I see")]
        assert result.conversation.queue == "Billing"
        assert all(message.sent_at for message in result.conversation.messages)


@pytest.mark.parametrize(
    ("route", "most"), [("recordings", 1.0), ("batch", 0.05), ("messages", 2.0), ("transcripts", 1.0)]
)
def test_a_conversation_costs_no_more_requests_than_promised(stage: Begin, route: str, most: float) -> None:
    on = stage(*(chat(f"c{n}") for n in range(100)))
    listings = on.listed()
    before = on.session.usage().requests
    assert len(by_id(on.source(text=route).fetch(listings))) == 100
    assert on.session.usage().requests - before <= 100 * most


@pytest.mark.parametrize("route", ["recordings", "batch"])
def test_a_text_that_is_not_ready_is_neither_empty_nor_failed(stage: Begin, route: str) -> None:
    on = stage(chat("a", not_ready=2))
    source, listings = on.source(text=route), on.listed()
    results = [next(iter(source.fetch(listings))) for _ in range(3)]
    assert [type(each) for each in results] == [NotReady, NotReady, Ready]
    assert isinstance(results[0], NotReady)
    assert results[0].wait_seconds >= 1


@pytest.mark.parametrize("route", ["recordings", "batch", "messages"])
def test_a_conversation_that_was_deleted_is_gone(stage: Begin, route: str) -> None:
    on = stage(chat("a"), chat("b"))
    listings = on.listed()
    on.sandbox.delete_conversation(listings[0].id)
    results = by_id(on.source(text=route).fetch(listings))
    assert isinstance(results[listings[0].id], Gone)
    assert isinstance(results[listings[1].id], Ready)


def test_fetching_needs_ids_alone(stage: Begin) -> None:
    """A resumed run knows a conversation by its id and little else."""
    on = stage(chat("a"))
    bare = [Listing(each.id) for each in on.listed()]
    for route in ROUTES:
        (result,) = on.source(text=route).fetch(bare)
        assert isinstance(result, Ready)


@pytest.mark.parametrize("kind", ["html", "list", "null", "truncate", "bad_utf8", "not_json"])
def test_a_broken_text_is_read_again_and_then_said_to_be_broken(stage: Begin, kind: str) -> None:
    broken = "null" if kind == "list" else kind  # a list is what recordings are
    once = stage(chat("a"), faults=[fault("recordings", broken, times=2)])
    (result,) = once.source().fetch(once.listed())
    assert isinstance(result, Ready)
    always = stage(chat("a"), faults=[fault("recordings", broken)])
    (result,) = always.source().fetch(always.listed())
    assert isinstance(result, Unreadable)


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "null_enums", "unknown_enums", "duplicates"])
def test_trouble_with_one_text_does_not_lose_it(stage: Begin, kind: str) -> None:
    on = stage(chat("a"), faults=[fault("recordings", kind, times=2)])
    (result,) = on.source().fetch(on.listed())
    assert isinstance(result, Ready)
    assert {m.text for m in result.conversation.messages} <= {"my hub is dead", "I see"}


def test_one_that_fails_does_not_stop_the_others(stage: Begin) -> None:
    seeds = [chat(f"c{n}") for n in range(12)]
    on = stage(*seeds, faults=[fault("recordings", "status", status=422, every=4)])
    results = by_id(on.source().fetch(on.listed()))
    assert sorted(type(each).__name__ for each in results.values()) == ["Ready"] * 9 + ["Unreadable"] * 3


def test_a_missing_permission_and_a_long_pause_end_the_fetch(stage: Begin) -> None:
    """They concern every conversation, so they are raised and not recorded against one."""
    denied = fault("recordings", "status", status=403, permission="recording:recording:view")
    on = stage(chat("a"), faults=[denied])
    with pytest.raises(AccessDeniedError, match="recording:recording:view"):
        list(on.source().fetch(on.listed()))
    on = stage(chat("a"), faults=[fault("recordings", "status", status=429, retry_after=3600)])
    with pytest.raises(RateLimitedError):
        list(on.source().fetch(on.listed()))


def test_a_reader_that_stops_early_leaves_nothing_running(stage: Begin) -> None:
    on = stage(*(chat(f"c{n}") for n in range(40)))
    results = on.source().fetch(on.listed())
    next(results)
    assert isinstance(results, Generator)
    results.close()
    sent = on.session.usage().requests
    assert sent < 40
    assert on.session.usage().requests == sent


def test_channel_queue_and_times_come_from_the_listing(stage: Begin) -> None:
    on = stage(chat("a"))
    (listing,) = on.listed()
    (result,) = on.source().fetch([replace(listing, queue="Renamed")])
    assert isinstance(result, Ready)
    assert result.conversation.queue == "Renamed"
    assert result.conversation.ended_at == listing.ended_at


@pytest.mark.parametrize("options", [{"text": "telepathy"}, {"listing": "guess"}])
def test_an_unknown_route_or_mode_is_refused_with_the_known_ones(
    stage: Begin, options: dict[str, str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        stage(chat("a")).source(**options)
    assert "query" in str(caught.value.hint) or "batch" in str(caught.value.hint)


def test_the_source_is_named_after_its_route_and_can_be_closed_twice(stage: Begin) -> None:
    source = stage(chat("a")).source(text="batch")
    assert (source.name, source.resumable) == ("genesys:batch", True)
    source.close()
    source.close()
