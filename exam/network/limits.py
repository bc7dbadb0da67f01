"""Rows 4 and 5: told to slow down, in all the forms in which the service says so, for all workers at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.utils import formatdate
from pathlib import Path

from earmark.sandbox.state import Asked
from exam.network.altered import Alteration
from exam.network.scene import After, Scene, Setting, Way, ready, rule, scene, tail, wanted
from exam.rows import Row

WAY = Way()
HASTE = 40.0
"""Seconds that pass in one: a pause of a minute takes 1.5 s, and a request counts as about 0.2 s."""

WORKERS = 8
TRUE_PAUSES = {"EARMARK_PACE": "1"}
READY = {"conversations": ready()}
OBEYED: dict[str, float] = {"1": 1, "59": 59, "59.5": 59.5}
UNUSABLE = ("0", "-1", "abc", "", "1e3", "NaN", "Wed, 21 Oct 2015 07:28:00 GMT")
TOO_LONG = ("181", "999999999999", "Fri, 31 Dec 2100 23:59:59 GMT")


def obeyed(folder: Path) -> Iterator[str]:
    """A pause that is told in seconds holds everybody back for so long, and not much longer."""
    for told, seconds in OBEYED.items():
        speed = HASTE if seconds > 10 else 1.0
        with scene(folder, Setting(way=WAY, alteration=Alteration(speed=speed))) as on:
            on.misbehave(rule("recordings", "status", status=429, retry_after=told, after=2, times=3))
            yield from (f"Retry-After {told}: {line}" for line in _paused(on, seconds * 0.95))


def obeyed_date(folder: Path) -> Iterator[str]:
    """A pause up to a date, which counts by the service's clock."""
    after = After("jobs.results")
    hurried = Alteration(speed=HASTE)
    with scene(folder, Setting(way=WAY, alteration=hurried, options={"answered": after})) as on:

        def refuse() -> None:
            header = formatdate(int(on.clock() + 90), usegmt=True)
            on.misbehave(rule("recordings", "status", status=429, retry_after=header, after=2, times=1))

        after.act = refuse
        yield from _paused(on, 50)


def _paused(on: Scene, least: float) -> Iterator[str]:
    done = on.run()
    if done.code not in {0, 3}:
        yield f"exits with {done.code}: {tail(done)}"
    yield from held_back(on.asked(), least)
    yield from on.settled(wanted(WAY))


def held_back(asked: Sequence[Asked], least: float, most: float = float("inf")) -> Iterator[str]:
    """After the first refusal nobody sends for `least` seconds, but for what was under way; then it goes on."""
    refused = [each.at for each in asked if each.status == 429]
    if not refused:
        yield "no request was refused"
        return
    early = [each for each in asked if refused[0] < each.at < refused[0] + least]
    if len(early) >= WORKERS:
        yield f"{len(early)} requests in the pause, the last {early[-1].at - refused[0]:.1f} s into it"
    after = [each.at for each in asked if each.at >= refused[0] + least]
    if not after or after[0] > refused[0] + most:
        waited = after[0] - refused[0] if after else float("inf")
        yield f"the work goes on {waited:.1f} s after the refusal"


def unusable(folder: Path) -> Iterator[str]:
    """A Retry-After that says nothing: the reset of the window counts, and everybody waits for it."""
    for told in UNUSABLE:
        rules = (rule("recordings", "status", status=429, retry_after=told, after=2, times=1),)
        hurried = Alteration(speed=HASTE)
        with scene(
            folder, Setting(way=WAY, rules=rules, alteration=hurried, variables=TRUE_PAUSES, options=READY)
        ) as on:
            done = on.run()
            if done.code not in {0, 3}:
                yield f"Retry-After {told!r}: exits with {done.code}: {tail(done)}"
            yield from (f"Retry-After {told!r}: {line}" for line in held_back(on.asked(), 20))
            yield from (f"Retry-After {told!r}: {line}" for line in on.promises(wanted(WAY)))


def a_day(folder: Path) -> Iterator[str]:
    """A day: the run is left for later, says when, and has sent nothing more."""
    yield from _left_for_later(folder, "86400", "recordings")


def too_long(folder: Path) -> Iterator[str]:
    """More than three minutes: the run is left for later, says when, and has sent nothing more."""
    for told in TOO_LONG:
        yield from (f"Retry-After {told}: {line}" for line in _left_for_later(folder, told, "recordings"))


def too_long_for_a_write(folder: Path) -> Iterator[str]:
    """The same while writing, for every writer, and for the login."""
    for writer, route in (
        ("custom_attributes", "customattributes.put"),
        ("participant_data", "participants.patch"),
        ("interactions", "interactions.patch"),
        ("custom_attributes", "token"),
    ):
        way = Way(writer=writer)
        yield from (f"{writer} {route}: {line}" for line in _left_for_later(folder, "86400", route, way))


def _left_for_later(folder: Path, told: str, route: str, way: Way = WAY) -> Iterator[str]:
    rules = (
        rule(route, "status", status=429, retry_after=told, after=0 if route == "token" else 2, times=1),
    )
    with scene(folder, Setting(way=way, rules=rules)) as on:
        done = on.run()
        if done.code != 75:
            yield f"exits with {done.code}: {tail(done)}"
        if "resume after" not in done.err:
            yield f"does not say when to resume: {tail(done)}"
        refused = [place for place, each in enumerate(on.asked()) if each.status == 429]
        later = len(on.asked()) - 1 - refused[0] if refused else 99
        if later > 8:  # what the other workers had under way
            yield f"{later} requests after the refusal"
        yield from on.settled(wanted(way))


def no_hint_at_all(folder: Path) -> Iterator[str]:
    """A proxy's 429 says nothing: three seconds and a little, for everybody."""
    rules = (rule("recordings", "status", status=429, html=True, after=2, times=1),)
    with scene(folder, Setting(way=WAY, rules=rules, variables=TRUE_PAUSES, options=READY)) as on:
        done = on.run()
        if done.code not in {0, 3}:
            yield f"exits with {done.code}: {tail(done)}"
        yield from held_back(on.asked(), 2.9, 8)
        yield from on.promises(wanted(WAY))


def storm(folder: Path) -> Iterator[str]:
    """Minutes of refusals without a hint: all wait together, again and again, and nothing is lost."""
    rules = (rule("*", "status", status=429, html=True, after=6, times=25),)
    hurried = Alteration(speed=HASTE)
    with scene(
        folder, Setting(way=WAY, rules=rules, alteration=hurried, variables=TRUE_PAUSES, options=READY)
    ) as on:
        done = on.run()
        yield from _spent_calmly(on)
        if done.code not in {0, 3, 75}:
            yield f"exits with {done.code}: {tail(done)}"
        yield from on.settled(wanted(WAY))


def _spent_calmly(on: Scene) -> Iterator[str]:
    """Of refusals in a row, no more than one round of workers within three seconds."""
    refused = [each.at for each in on.asked() if each.status == 429]
    for place in range(len(refused) - 9):
        if refused[place + 9] - refused[place] < 2.5:
            yield f"ten refusals within {refused[place + 9] - refused[place]:.1f} s"
            return


def budget(folder: Path) -> Iterator[str]:
    """A window that allows few requests: they are spread so that none is refused, whoever asks."""
    hurried = Alteration(speed=HASTE)
    for way in (WAY, Way(writer="participant_data"), Way(writer="interactions")):
        setting = Setting(
            way=way,
            alteration=hurried,
            options={**READY, "rate_limit": 60},
            variables=TRUE_PAUSES,
        )
        with scene(folder, setting) as on:
            done = on.run()
            stats = on.organisation.sandbox.stats()
            if stats["throttled"] > 1:  # the first guess may be too high, once
                yield f"{way}: {stats['throttled']} requests over the budget"
            if above := [count for count in stats["windows"] if count > 61]:
                yield f"{way}: {above} requests in a minute that allows 60"
            if done.code not in {0, 3}:
                yield f"{way}: exits with {done.code}: {tail(done)}"
            yield from (f"{way}: {line}" for line in on.promises(wanted(way)))


_RETRY_AFTER, _STORM = "429 with Retry-After", "429 without Retry-After"
ROWS = (
    Row(4, f"{_RETRY_AFTER} of seconds", "obeyed by all workers", obeyed),
    Row(4, f"{_RETRY_AFTER} that is a date", "obeyed by the service's clock", obeyed_date),
    Row(4, f"{_RETRY_AFTER} that says nothing", "the window's reset counts", unusable, release=True),
    Row(4, f"{_RETRY_AFTER} of a day", "exit 75, resume after", a_day),
    Row(4, f"{_RETRY_AFTER} of more than 180 s", "exit 75, resume after", too_long, release=True),
    Row(
        4,
        f"{_RETRY_AFTER} of a day, any writer",
        "exit 75, resume completes",
        too_long_for_a_write,
        release=True,
    ),
    Row(5, f"{_STORM} nor any hint", "3 s and jitter, one gate", no_hint_at_all),
    Row(5, f"{_STORM}, minutes of it", "everybody waits, nothing is lost", storm),
    Row(5, "a small budget", "spread, none refused", budget, release=True),
)
