"""Rows 12, 13 and 14: cursors that fail, pages that overlap, conversations that come and go meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from earmark.sandbox.chats import conversation_id
from exam.conversations import seeds
from exam.invariants import Expected
from exam.network.scene import After, Case, Rule, Scene, Setting, Way, rule, scene, tail, tried, wanted
from exam.rows import Row

BY_JOB, BY_QUERY, INTERACTIONS = Way(listing="job"), Way(listing="query"), Way(writer="interactions")
LISTINGS = {BY_JOB: "jobs.results", BY_QUERY: "details.query", INTERACTIONS: "interactions.list"}
PAGED = {BY_JOB: {"largest_page": 3}, BY_QUERY: {}, INTERACTIONS: {"largest_page": 2}}
LATER = "late-arrival"


def _on(way: Way, *rules: Rule) -> Setting:
    return Setting(way=way, rules=rules, options=PAGED[way])


def spoilt_once(folder: Path) -> Iterator[str]:
    """A cursor or a job that fails once: the window is listed again from its start, in the same run."""
    yield from tried(
        folder, Case(told="job", setting=_on(BY_JOB, rule("jobs.results", "bad_cursor", times=1)))
    )
    yield from tried(
        folder, Case(told="bad", setting=_on(INTERACTIONS, rule("interactions.list", "bad_cursor", times=1)))
    )


def spoilt_jobs(folder: Path) -> Iterator[str]:
    """A job that fails, at whatever step, is started again once."""
    for route, kind in (
        ("jobs.status", "job_failed"),
        ("jobs.status", "job_expired"),
        ("jobs.results", "job_expired"),
        ("jobs.results", "empty_page"),
        ("jobs.results", "repeat_page"),
    ):
        yield from tried(
            folder, Case(told=f"{route} {kind}", setting=_on(BY_JOB, rule(route, kind, times=1)))
        )


def spoilt_for_good(folder: Path) -> Iterator[str]:
    """A cursor that fails or comes back for ever: exit 75 after at most two pages a try, and right once it works."""
    for way, kind in ((BY_JOB, "repeat_cursor"), (INTERACTIONS, "repeat_cursor")):
        yield from _given_up(folder, way, kind)


def spoilt_for_good_everywhere(folder: Path) -> Iterator[str]:
    """All kinds, on every listing."""
    for way, kind in ((BY_JOB, "bad_cursor"), (BY_JOB, "job_expired"), (INTERACTIONS, "bad_cursor")):
        yield from _given_up(folder, way, kind)


def endless(folder: Path) -> Iterator[str]:
    """A listing that shows its first page for ever, under a new cursor each time."""
    for way in LISTINGS:
        yield from _given_up(folder, way, "endless", most=300)


def _given_up(folder: Path, way: Way, kind: str, most: int = 8) -> Iterator[str]:
    route = LISTINGS[way]
    with scene(folder, _on(way, rule(route, kind))) as on:
        ended = on.earmark()
        told = f"{route} {kind}"
        if ended.hung or not ended.done:
            yield f"{told}: the run did not end"
            return
        done = ended.done[-1]
        if done.code != 75:
            yield f"{told}: exits with {done.code}: {tail(done)}"
        if (pages := len(on.asked(route))) > most:
            yield f"{told}: {pages} pages were asked for"
        yield from (f"{told}: {line}" for line in on.settled(wanted(way)))


def expired_between_sittings(folder: Path) -> Iterator[str]:
    """The saved cursor is of a job that is gone when the run is resumed: the window is listed again."""
    # one page is listed, the second cannot be had
    with scene(folder, _on(BY_JOB, rule("jobs.results", "status", status=503, after=1))) as on:
        done = on.run()
        if done.code != 75:
            yield f"exits with {done.code}: {tail(done)}"
        on.organisation.sandbox.state.jobs.clear()
        yield from on.settled(wanted(BY_JOB))


def shuffled(folder: Path) -> Iterator[str]:
    """Pages that repeat, overlap, or come in another order: each conversation is done once."""
    yield from _shuffled(folder, BY_JOB)


def all_shuffled(folder: Path) -> Iterator[str]:
    """In the other listings."""
    yield from _shuffled(folder, BY_QUERY)
    yield from _shuffled(folder, INTERACTIONS)


def _shuffled(folder: Path, way: Way) -> Iterator[str]:
    rules = (rule(LISTINGS[way], "duplicates", every=2), rule(LISTINGS[way], "reorder"))
    yield from tried(folder, Case(told=LISTINGS[way], setting=_on(way, *rules)))


def overlapping(folder: Path) -> Iterator[str]:
    """A hundred and thirty conversations of a day, whose pages drift, repeat and come back empty."""
    day = datetime.now(UTC) - timedelta(days=2)
    many = [seeds()[0] | {"id": f"many-{n}", "started_at": day.isoformat()} for n in range(130)]
    for way, kinds in ((BY_QUERY, ("drift",)), (BY_JOB, ("repeat_page", "empty_page"))):
        for kind in kinds:
            strikes = rule(LISTINGS[way], kind, **({} if kind == "drift" else {"after": 1, "times": 1}))
            setting = Setting(way=way, rules=(strikes,), options={"conversations": many})
            with scene(folder, setting) as on:
                done = on.earmark(("plan", "--since", "4d")).done[-1]
                states = done.runs[-1].states
                if done.code != 0 or states != {"planned": 130}:
                    yield f"{way}, {kind}: exit {done.code} with {dict(states)}: {tail(done)}"


def vanishing(folder: Path) -> Iterator[str]:
    """A conversation that is deleted between two pages is gone; the one that slips over the seam is found later."""
    for way in (BY_JOB, INTERACTIONS):
        with _meanwhile(folder, way) as (on, meanwhile):
            listed = [
                chat.id for chat in on.organisation.sandbox.state.listed() if chat.id in wanted(way).values
            ]
            lost = next(each for each in listed if any(wanted(way).values[each].values()))
            meanwhile.act = partial(on.organisation.sandbox.delete_conversation, lost)
            done = on.run()
            if done.code not in {0, 3}:
                yield f"{way}: exits with {done.code}: {tail(done)}"
            yield from (f"{way}: {line}" for line in on.settled(_without(wanted(way), lost)))


def arriving(folder: Path) -> Iterator[str]:
    """A conversation that ended in the window but is listed late is found by the next run, which goes back a day."""
    for way in (BY_JOB, BY_QUERY, INTERACTIONS):
        with _meanwhile(folder, way) as (on, meanwhile):
            add = partial(on.organisation.sandbox.add_conversation, _late())
            meanwhile.act = add
            done = on.run()
            again = on.earmark(("run",)).done[-1]
            identity = conversation_id(LATER)
            found = on.organisation.sandbox.attributes(LATER)[on.organisation.store]
            if {done.code, again.code} - {0, 3}:
                yield f"{way}: exits with {done.code} and {again.code}: {tail(again)}"
            if not found:
                yield f"{way}: {identity} was not found by the run after it: {tail(again)}"
            yield from (f"{way}: {line}" for line in on.harmless())


def _late() -> dict[str, Any]:
    seed = seeds()[0] | {"id": LATER, "channel": "chat"}
    started = datetime.now(UTC) - timedelta(hours=3)
    return seed | {"started_at": started.isoformat()}


class _meanwhile:  # noqa: N801 - a context manager, read as a verb
    """A scene and what happens in it after the first page."""

    def __init__(self, folder: Path, way: Way) -> None:
        self.meanwhile = After(LISTINGS[way])
        setting = _on(way)
        options = {**setting.options, "answered": self.meanwhile}
        self.scene = scene(folder, replace(setting, options=options))

    def __enter__(self) -> tuple[Scene, After]:
        return self.scene.__enter__(), self.meanwhile

    def __exit__(self, *about: Any) -> None:
        self.scene.__exit__(*about)


def _without(whole: Expected, lost: str) -> Expected:
    values = {each: held for each, held in whole.values.items() if each != lost}
    states = {state: count - (state == "written") for state, count in whole.states.items()}
    return replace(whole, values=values, states=states)


ROWS = (
    Row(12, "a cursor that expires or is invalid, once", "listed again from the start", spoilt_once),
    Row(
        12,
        "a job that fails or repeats a page, once",
        "listed again from the start",
        spoilt_jobs,
        release=True,
    ),
    Row(12, "a cursor that is repeated for ever", "exit 75 within two pages a try", spoilt_for_good),
    Row(12, "a cursor that is invalid for ever", "exit 75 soon", spoilt_for_good_everywhere, release=True),
    Row(12, "a listing without an end", "exit 75, bounded", endless, release=True),
    Row(12, "a job that is gone at a resume", "listed again from the start", expired_between_sittings),
    Row(13, "pages that repeat and change their order", "done once", shuffled),
    Row(13, "the same in the other listings", "done once", all_shuffled, release=True),
    Row(13, "pages of a hundred that drift, repeat, are empty", "done once", overlapping, release=True),
    Row(14, "a conversation that vanishes between pages", "gone; the rest found", vanishing),
    Row(14, "a conversation that arrives late", "found by the next run", arriving),
)
