"""Row 16: a permission is missing. It is named, nothing is settled as failed, and with it the run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from exam.conversations import seeds
from exam.organisation import DESK
from exam.rows import Row
from exam.system.stage import OPEN, Stage, ended_badly, staged, tail
from exam.trial import RUN

RUN_LINE = " ".join(RUN)


@dataclass(frozen=True, slots=True)
class Need:
    """A route and the permission that it takes, in a run with these settings."""

    route: str
    permission: str
    writer: str = "custom_attributes"
    env: tuple[tuple[str, str], ...] = ()

    @property
    def told(self) -> str:
        return " ".join((self.permission, f"({self.route})", *(value for _, value in self.env)))


_QUERY = (("EARMARK_LISTING", "query"),)
_JOB = (("EARMARK_LISTING", "job"),)
_MESSAGES = (("EARMARK_TEXT", "messages"),)
_TRANSCRIPTS = (("EARMARK_TEXT", "transcripts"),)
_BATCH = (("EARMARK_TEXT", "batch"),)

LISTING = Need("details.query", "analytics:conversationDetail:view", env=_QUERY)
MAIN = (
    Need("recordings", "recording:recording:view"),
    Need("schemas.list", "conversation:customAttributes:schemaView"),
    Need("customattributes.list", "conversation:customAttributes:view"),
    Need("customattributes.put", "conversation:customAttributes:edit"),
)
OTHERS = (
    LISTING,
    Need("jobs.submit", "analytics:conversationDetail:view", env=_JOB),
    Need("jobs.status", "analytics:conversationDetail:view", env=_JOB),
    Need("jobs.results", "analytics:conversationDetail:view", env=_JOB),
    Need("batch.submit", "recording:recording:view", env=_BATCH),
    Need("batch.status", "recording:recording:view", env=_BATCH),
    Need("messages.ids", "conversation:communication:view", env=_MESSAGES),
    Need("messages.bulk", "conversation:message:view", env=_MESSAGES),
    Need("transcripts.url", "speechAndTextAnalytics:data:view", env=_TRANSCRIPTS),
    Need("conversation", "conversation:communication:view", writer="participant_data"),
    Need("participants.patch", "conversation:participant:attributes", writer="participant_data"),
    Need("interactions.list", "interaction:conversation:view", writer="interactions"),
    Need("interactions.get", "interaction:attributes:view", writer="interactions"),
    Need("interactions.patch", "interaction:attributes:edit", writer="interactions"),
)
OPTIONAL = (
    Need("customattributes.search", "conversation:customAttributes:view"),
    Need("jobs.availability", "analytics:conversationDetail:view", env=_JOB),
    Need("queues", "routing:queue:view", env=_JOB),
)
"""A run does without these."""


def denied_run(need: Need, folder: Path) -> Iterator[str]:
    """The run stops, names what is missing, leaves the rest open; granted, it ends as any other.

    Transcripts cannot tell "deleted" from "not ready": there the conversations are those that are neither.
    """
    conversations = seeds()[3:] if need.env == _TRANSCRIPTS else seeds()
    with staged(folder, need.writer, conversations=conversations) as stage:
        _deny(stage, need)
        done = stage.one(RUN_LINE, env=dict(need.env))
        yield from ended_badly(done, 2, need.permission)
        stage.calm()
        if done.runs:
            yield from _settled_for_lack_of_it(stage)
        yield from stage.completed()


def _settled_for_lack_of_it(stage: Stage) -> Iterator[str]:
    fine = OPEN | {"written", "unchanged", "gone"}
    if wrong := {state: n for state, n in stage.latest.states.items() if state not in fine and n}:
        yield f"for lack of a permission {wrong} were settled"


def denied_midway(folder: Path) -> Iterator[str]:
    """The permission is taken away after the third write; the invariants hold to the end."""
    with staged(folder) as stage:
        _deny(stage, MAIN[-1], after=3)
        done = stage.one(RUN_LINE)
        yield from ended_badly(done, 2, MAIN[-1].permission, "earmark resume")
        yield from _settled_for_lack_of_it(stage)
        stage.calm()
        yield from stage.concluded()


def does_without(need: Need, folder: Path) -> Iterator[str]:
    """Something that only helps may be missing."""
    with staged(folder, need.writer) as stage:
        _deny(stage, need)
        done = stage.one(RUN_LINE, env=dict(need.env))
        if done.code not in {0, 3}:
            yield f"without {need.told} the run stops: {done.err.strip()[-300:]}"
        yield from stage.differences()


UNDONE_BY = (
    Need("schemas.list", "conversation:customAttributes:schemaView"),
    Need("customattributes.list", "conversation:customAttributes:view"),
    Need("customattributes.put", "conversation:customAttributes:edit"),
)


def denied_undo(need: Need, folder: Path) -> Iterator[str]:
    """An undo stops and names it; granted, it takes the rest back. One record holds somebody else's key."""
    with staged(folder, share=0.0) as stage:
        stage.one(RUN_LINE)
        written = stage.writes[0]
        stage.organisation.sandbox.edit_as_other(
            written.conversation, {DESK: "theirs"}, record=written.record
        )
        _deny(stage, need)
        yield from ended_badly(stage.one("undo"), 2, need.permission)
        stage.calm()
        yield from ended_badly(stage.one("undo"), 0)
        yield from (f"{each} still holds {held}" for each, held in stage.values.items() if any(held.values()))


def told_by_doctor(folder: Path) -> Iterator[str]:
    """`doctor` names each permission that is missing."""
    with staged(folder) as stage:
        for need in (LISTING, *MAIN):
            _deny(stage, need)
            yield from ended_badly(stage.one("doctor"), 2, f"✗ permission {need.permission}")


def denied_set_up(folder: Path) -> Iterator[str]:
    """`setup-schema` names what is missing; granted, it makes the schema."""
    routes = ("schemas.list", "schemas.coretypes", "schemas.create")
    with staged(folder, schema=False) as stage:
        for route in routes:
            _deny(stage, Need(route, f"conversation:customAttributes:{route.partition('.')[2]}"))
            said = stage.one("setup-schema")
            yield from ended_badly(said, 2, "conversation:customAttributes:")
        stage.calm()
        yield from ended_badly(stage.one("setup-schema"), 0)
        if (ended := stage.earmark(RUN_LINE)).done[0].code not in {0, 3}:
            yield f"after that a run fails: {tail(ended)}"


def _deny(stage: Stage, need: Need, after: int = 0) -> None:
    stage.strike(
        {"route": need.route, "after": after, "kind": "status", "status": 403, "permission": need.permission}
    )


_NAMED = "exit 2; names the permission; the rest stays open; granted, a resume completes"

ROWS = (
    *(
        Row(16, f"403 for {each.told}", _NAMED, partial(denied_run, each), release=number > 0)
        for number, each in enumerate(MAIN)
    ),
    *(Row(16, f"403 for {each.told}", _NAMED, partial(denied_run, each), release=True) for each in OTHERS),
    *(
        Row(
            16,
            f"403 for {each.told}",
            "a run does without it",
            partial(does_without, each),
            release=number > 0,
        )
        for number, each in enumerate(OPTIONAL)
    ),
    *(
        Row(16, f"403 in an undo for {each.told}", _NAMED, partial(denied_undo, each), release=True)
        for number, each in enumerate(UNDONE_BY)
    ),
    Row(16, "403 from the fourth write on", "all invariants after the resume", denied_midway),
    Row(16, "403 for each permission, in doctor", "exit 2; names the permission", told_by_doctor),
    Row(16, "403 in setup-schema", "exit 2; names the permission", denied_set_up),
)
