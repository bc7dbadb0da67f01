"""Row 15: the token ends while eight workers use it, once or for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from exam.network.altered import Alteration
from exam.network.scene import TEXTS, WRITERS, After, Setting, Way, ready, rule, scene, tail, wanted
from exam.rows import Row

WORKERS = 8


def ends_once(folder: Path) -> Iterator[str]:
    """All workers are refused, one of them renews, and everything goes on."""
    yield from _ended(folder, Way(), "recordings")


def ends_anywhere(folder: Path) -> Iterator[str]:
    """While listing, reading and writing, with every writer and on every road."""
    for writer in WRITERS:
        route = {"custom_attributes": "customattributes.put", "participant_data": "participants.patch"}.get(
            writer
        )
        yield from _ended(folder, Way(writer=writer), route or "interactions.patch")
    for text in TEXTS[1:]:
        yield from _ended(folder, Way(text=text), "jobs.status")


def _ended(folder: Path, way: Way, route: str) -> Iterator[str]:
    revocation = After(route, 2)
    with scene(folder, Setting(way=way, options={"answered": revocation})) as on:
        revocation.act = on.organisation.sandbox.revoke_tokens
        done = on.run()
        if done.code not in {0, 3}:
            yield f"{way}: exits with {done.code}: {tail(done)}"
        refused = [each for each in on.asked() if each.status == 401]
        if not 1 <= len(refused) <= WORKERS + 1:
            yield f"{way}: {len(refused)} requests with the old token"
        if (logins := len(on.asked("token"))) != 2:
            yield f"{way}: {logins} logins"
        yield from (f"{way}: {line}" for line in on.promises(wanted(way)))


def short_lived(folder: Path) -> Iterator[str]:
    """A token that lives for a minute is renewed ahead of its end: nothing is ever refused."""
    setting = Setting(
        alteration=Alteration(speed=40.0),
        options={"token_seconds": 60.0, "rate_limit": 30, "conversations": ready()},
        variables={"EARMARK_PACE": "1"},
    )
    with scene(folder, setting) as on:
        done = on.run()
        if done.code not in {0, 3}:
            yield f"exits with {done.code}: {tail(done)}"
        if refused := [each for each in on.asked() if each.status == 401]:
            yield f"{len(refused)} requests with a token that had ended"
        if len(on.asked("token")) < 2:
            yield "the token was never renewed: the case shows nothing"
        yield from on.promises(wanted(Way()))


def refused_for_good(folder: Path) -> Iterator[str]:
    """Every token is refused: exit 2 at once, what is to be done is named, and the rest is done later."""
    yield from _stopped(folder, Way(), "recordings")


def refused_anywhere(folder: Path) -> Iterator[str]:
    """On other routes, with other writers, and by the login itself."""
    for way, route in (
        (Way(), "customattributes.put"),
        (Way(), "jobs.status"),
        (Way(), "token"),
        (Way(writer="participant_data"), "participants.patch"),
        (Way(writer="interactions"), "interactions.patch"),
        (Way(writer="interactions"), "interactions.list"),
    ):
        yield from _stopped(folder, way, route)


def _stopped(folder: Path, way: Way, route: str) -> Iterator[str]:
    told = f"{way} {route}"
    with scene(folder, Setting(way=way, rules=(rule(route, "status", status=401),))) as on:
        done = on.run()
        if done.code != 2 or "credentials" not in done.err:
            yield f"{told}: exits with {done.code}: {tail(done)}"
        if len(on.asked("token")) > WORKERS + 2:
            yield f"{told}: {len(on.asked('token'))} logins"
        if len(on.asked(route)) > 3 * WORKERS:
            yield f"{told}: {len(on.asked(route))} requests that were refused"
        yield from (f"{told}: {line}" for line in on.settled(wanted(way)))


ROWS = (
    Row(15, "the token ends under eight workers", "one renewal", ends_once),
    Row(15, "the token ends at any time, every writer and road", "one renewal", ends_anywhere, release=True),
    Row(15, "a token of a minute", "renewed ahead of its end", short_lived),
    Row(15, "401 for ever", "exit 2, bounded, the rest later", refused_for_good),
    Row(15, "401 for ever, every writer and the login", "exit 2, bounded", refused_anywhere, release=True),
)
