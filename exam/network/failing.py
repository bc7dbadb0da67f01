"""Rows 6, 7 and 8: the service fails, is silent, or hangs up; a write may have happened or not."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from exam.network.altered import Alteration
from exam.network.scene import TEXTS, Case, Scene, Setting, Way, rule, scene, tail, tried, wanted
from exam.rows import Row

WRITES = {
    "custom_attributes": "customattributes.put",
    "participant_data": "participants.patch",
    "interactions": "interactions.patch",
}
MOST_SENDINGS = 5
ENDINGS = frozenset({0, 3, 75})
"""How a run may end while the service fails; what counts is that it says so and that all is right afterwards."""

IMPATIENT = Alteration(connect=0.25, read=0.25, deadline=1.0)


def _writes(**fault: Any) -> Iterator[Case]:
    """Half of the writes are struck, for every writer."""
    for writer, route in WRITES.items():
        setting = Setting(way=Way(writer=writer), rules=(rule(route, **fault, probability=0.5),))
        yield Case(told=f"{writer}, {fault}", setting=setting, codes=ENDINGS)


def errors_of_writes(folder: Path) -> Iterator[str]:
    """A 5xx of a write says nothing about whether it happened: it is read back, and sent again if it did not."""
    yield from _read_back(folder, "customattributes.put", 503)


def all_errors_of_writes(folder: Path) -> Iterator[str]:
    """Each status, before and after the write."""
    for status in (500, 502, 503, 504):
        for applied in (False, True):
            yield from tried(folder, *_writes(kind="status", status=status, applied=applied))


def _read_back(folder: Path, route: str, status: int) -> Iterator[str]:
    """Between two sendings of a write there is a read of that conversation."""
    rules = (
        rule(route, "status", status=status, every=2),
        rule(route, "status", status=status, applied=True, every=3),
    )
    with scene(folder, Setting(rules=rules)) as on:
        on.run()
        yield from _looks_before_it_sends_again(on, route)
        yield from on.settled(wanted(Way()))


def _looks_before_it_sends_again(on: Scene, route: str) -> Iterator[str]:
    sent: Counter[str] = Counter()
    in_doubt: set[str] = set()
    for each in on.asked():
        if each.route == route:
            sent[each.conversation] += 1
            if each.conversation in in_doubt:
                yield f"a write to {each.conversation} was sent again without a look"
            if each.struck:
                in_doubt.add(each.conversation)
        elif each.conversation in in_doubt and each.status == 200:
            in_doubt.discard(each.conversation)
    yield from (f"{n} writes to {each}" for each, n in sent.items() if n > MOST_SENDINGS)
    if not sent:
        yield "nothing was written: the case shows nothing"


def errors_of_reads(folder: Path) -> Iterator[str]:
    """Half of all reads fail, on every road to the text."""
    yield from tried(folder, *_reads(TEXTS[:1], 503))


def all_errors_of_reads(folder: Path) -> Iterator[str]:
    """Each status, on every road to the text, and with interactions."""
    for status in (500, 502, 503, 504):
        yield from tried(folder, *_reads(TEXTS, status))
        way = Way(writer="interactions")
        setting = Setting(
            way=way, rules=(rule("interactions.*", "status", status=status, probability=0.5, method="GET"),)
        )
        yield from tried(folder, Case(told=f"interactions, {status}", setting=setting, codes=ENDINGS))


def _reads(texts: tuple[str, ...], status: int) -> Iterator[Case]:
    for text in texts:
        rules = [
            rule(route, "status", status=status, probability=0.5)
            for route in (
                "details.*",
                "jobs.*",
                "recordings*",
                "messages.*",
                "storage.*",
                "transcripts.*",
                "batch.*",
            )
        ]
        rules.append(rule("customattributes.*", "status", status=status, probability=0.5, method="GET"))
        yield Case(told=f"{text}, {status}", setting=Setting(way=Way(text=text), rules=rules), codes=ENDINGS)


def outage(folder: Path) -> Iterator[str]:
    """The service fails for good: the run ends soon, says so, and is completed when the service is back."""
    for route in ("recordings", "customattributes.put"):
        with scene(folder, Setting(rules=(rule(route, "status", status=503),))) as on:
            done = on.run()
            if done.code not in {3, 75}:
                yield f"{route}: exits with {done.code}: {tail(done)}"
            if (sent := len(on.asked(route))) > 60:
                yield f"{route}: {sent} requests to a service that is down"
            yield from (f"{route}: {line}" for line in on.settled(wanted(Way())))


def silence(folder: Path) -> Iterator[str]:
    """No answer in time: a read is repeated, a write is read back."""
    hang: dict[str, Any] = {"kind": "hang", "seconds": 0.6}
    rules = (
        rule("recordings", times=2, **hang),
        rule("customattributes.put", times=1, **hang),
        rule("customattributes.put", times=1, applied=True, **hang),
    )
    yield from _in_time(folder, "silence", Setting(rules=rules, alteration=IMPATIENT))


def slow_drip(folder: Path) -> Iterator[str]:
    """An answer that drips is given up at the deadline of the whole exchange; a slower one is not waited for."""
    drip: dict[str, Any] = {"kind": "drip", "seconds": 0.12}
    rules = (rule("recordings", times=1, **drip), rule("customattributes.put", times=1, **drip))
    yield from _in_time(folder, "drip", Setting(rules=rules, alteration=IMPATIENT))


def silence_everywhere(folder: Path) -> Iterator[str]:
    """The same on every route, with every writer and on every road."""
    for way in (
        *(Way(text=text) for text in TEXTS),
        Way(writer="participant_data"),
        Way(writer="interactions"),
    ):
        for applied in (False, True):
            rules = (rule("*", "hang", seconds=0.6, applied=applied, every=7, times=6),)
            setting = Setting(way=way, rules=rules, alteration=IMPATIENT)
            yield from _in_time(folder, f"{way}, applied {applied}", setting)


def _in_time(folder: Path, told: str, setting: Setting) -> Iterator[str]:
    with scene(folder, setting) as on:
        done = on.run()
        if done.code not in ENDINGS:
            yield f"{told}: exits with {done.code}: {tail(done)}"
        if done.ended - done.began > 20:
            yield f"{told}: the run took {done.ended - done.began:.0f} s"
        yield from (f"{told}: {line}" for line in on.settled(wanted(setting.way)))


def no_connection(folder: Path) -> Iterator[str]:
    """A host that does not take the connection: exit 75 after a bounded number of tries, nothing begun."""
    with _deaf() as port, scene(folder, Setting(alteration=IMPATIENT)) as on:
        on.setting = Setting(
            alteration=IMPATIENT, variables={"GENESYSCLOUD_REGION": f"http://127.0.0.1:{port}"}
        )
        done = on.run()
        if done.code != 75 or "network" not in done.err:
            yield f"exits with {done.code}: {tail(done)}"
        if on.asked():
            yield "the request went elsewhere"
        on.setting = Setting()
        yield from on.settled(wanted(Way()))


@contextmanager
def _deaf() -> Iterator[int]:
    """A port whose queue of connections is full, so that no further one comes about."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(listening.getsockname())
            waiting.append(client)
        try:
            yield listening.getsockname()[1]
        finally:
            for client in waiting:
                client.close()


def resets(folder: Path) -> Iterator[str]:
    """The connection is reset before or after the write, or within its answer: nobody knows, so it is read back."""
    yield from tried(folder, *_hung_up("custom_attributes"))


def all_resets(folder: Path) -> Iterator[str]:
    """With the other writers, too, and on every route."""
    yield from tried(folder, *_hung_up("participant_data"), *_hung_up("interactions"))
    for text in TEXTS:
        for kind in ("reset_before", "reset_after", "truncate"):
            rules = (rule("*", kind, probability=0.3, times=20),)
            setting = Setting(way=Way(text=text), rules=rules)
            yield from tried(folder, Case(told=f"{text}, {kind}", setting=setting, codes=ENDINGS))


def _hung_up(writer: str) -> Iterator[Case]:
    route = WRITES[writer]
    rules = tuple(
        rule(route, kind, every=every)
        for every, kind in ((2, "reset_after"), (3, "reset_before"), (5, "truncate"))
    )
    yield Case(told=writer, setting=Setting(way=Way(writer=writer), rules=rules), codes=ENDINGS)


ROWS = (
    Row(6, "5xx after the write", "read back, resend", errors_of_writes),
    Row(6, "each 5xx, before and after the write", "read back, resend", all_errors_of_writes, release=True),
    Row(6, "5xx of half of the reads", "repeated", errors_of_reads),
    Row(6, "each 5xx of half of the reads, every road", "repeated", all_errors_of_reads, release=True),
    Row(6, "an outage", "an end soon, all right afterwards", outage, release=True),
    Row(7, "no answer in time", "repeated or read back", silence),
    Row(7, "a slow drip", "given up at the deadline", slow_drip),
    Row(7, "no connection", "exit 75, nothing begun", no_connection),
    Row(7, "no answer, on every road", "repeated or read back", silence_everywhere, release=True),
    Row(8, "a reset before, during, after the body", "unknown, so read back", resets),
    Row(8, "a reset anywhere, every writer and road", "unknown, so read back", all_resets, release=True),
)
