"""Each invariant holds for an undisturbed trial, and sees what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from exam.expectation import expected
from exam.invariants import Expected
from exam.trial import Evidence, Script, attempted, ours

from earmark.sandbox import Sandbox, Write
from exam import invariants

SCRIPT = Script(seed=4, share=0.7)


@pytest.fixture(scope="module")
def seen() -> Iterator[Evidence]:
    """A trial that nothing disturbs but a neighbour."""
    with attempted(SCRIPT) as evidence:
        yield evidence


@pytest.fixture(scope="module")
def wanted() -> Expected:
    return expected(SCRIPT)


def ours_in(evidence: Evidence) -> list[Write]:
    return [write for write in evidence.writes if write.who != "other"]


def mine(evidence: Evidence, number: int = 0, **changed: Any) -> Evidence:
    """The same evidence with another write of ours in place of one."""
    chosen = ours_in(evidence)[number]
    writes = tuple(replace(w, **changed) if w is chosen else w for w in evidence.writes)
    return replace(evidence, writes=writes)


def test_an_undisturbed_trial_keeps_every_promise(seen: Evidence, wanted: Expected) -> None:
    assert invariants.violations(seen, wanted) == []
    assert ours_in(seen)


def test_the_expectation_is_what_the_texts_say(wanted: Expected) -> None:
    """Read off the conversations by hand: what is compared with is no mere repetition."""
    named = [name for values in wanted.values.values() for name in values.get("extracted_products_tag", [])]
    assert sorted(set(named)) == [
        "AeroMesh Router",
        "Harbour App",
        "Kestrel Kettle",
        "Orbit Scale",
        "Tidal Plan",
    ]
    assert wanted.states == {"gone": 1, "unchanged": 1, "written": 6}


def test_a_value_that_is_missing_is_lost(seen: Evidence, wanted: Expected) -> None:
    store = {**seen.finished, "custom_attributes": {}}
    assert any(
        "instead of" in told for told in invariants.nothing_lost(replace(seen, finished=store), wanted)
    )


def test_a_conversation_that_is_not_settled_is_lost(seen: Evidence, wanted: Expected) -> None:
    last = seen.sittings[-1]
    run = replace(last.done[-1].runs[-1], states={"written": 6, "listed": 2})
    done = (*last.done[:-1], replace(last.done[-1], runs=(run,)))
    broken = replace(seen, sittings=(*seen.sittings[:-1], replace(last, done=done)))
    assert any("still has {'listed': 2}" in told for told in invariants.nothing_lost(broken, wanted))


def test_a_second_change_in_one_run_is_doubled(seen: Evidence) -> None:
    first = ours_in(seen)[0]
    again = replace(first, attributes=dict(first.attributes) | {"extracted_issues_tag": ["at 12:00"]})
    at = seen.writes.index(first) + 1
    broken = replace(seen, writes=(*seen.writes[:at], again, *seen.writes[at:]))
    assert any("2 times" in told for told in invariants.nothing_doubled(broken))


def test_a_write_of_the_second_run_is_doubled(seen: Evidence) -> None:
    run = [done for done in seen.sittings[-1].done if done.verb == "run"][-1]
    late = replace(ours_in(seen)[0], at=(run.began + run.ended) / 2)
    broken = replace(seen, writes=(*seen.writes, late))
    assert any("a second run sent" in told for told in invariants.nothing_doubled(broken))


def test_a_report_that_counts_otherwise_than_the_journal_is_seen(seen: Evidence) -> None:
    last = seen.sittings[-1]
    done = [replace(d, out=d.out.replace('"conversations": 2', '"conversations": 3')) for d in last.done]
    broken = replace(seen, sittings=(*seen.sittings[:-1], replace(last, done=tuple(done))))
    assert any("where the journal has" in told for told in invariants.nothing_doubled(broken))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"attributes": {"desk_note_text": "of our own"}}, "made {'desk_note_text'"),
        ({"divisions": ("elsewhere",)}, "made divisions"),
        ({"store": "schemas"}, "the schema was changed"),
    ],
)
def test_what_is_not_ours_must_not_change(seen: Evidence, changed: dict[str, Any], told: str) -> None:
    assert any(told in each for each in invariants.others_untouched(mine(seen, **changed)))


def test_a_record_with_others_keys_must_not_be_deleted(seen: Evidence) -> None:
    theirs = next(write for write in seen.writes if write.who == "other")
    gone = replace(theirs, who="sandbox-client", action="delete", attributes={})
    at = seen.writes.index(theirs) + 1
    broken = replace(seen, writes=(*seen.writes[:at], gone, *seen.writes[at:]))
    assert any("was deleted with" in told for told in invariants.others_untouched(broken))


def test_another_store_must_not_change(seen: Evidence) -> None:
    broken = replace(seen, undone={**seen.undone, "interactions": {"c": {"x": 1}}})
    assert "the store interactions was changed" in list(invariants.others_untouched(broken))


def test_what_is_left_after_an_undo_is_seen(seen: Evidence) -> None:
    assert any(
        "after the undo" in told for told in invariants.undo_exact(replace(seen, undone=seen.finished))
    )


def test_what_others_changed_since_must_survive_the_undo(seen: Evidence) -> None:
    assert seen.overtaken
    (place,) = seen.overtaken
    conversation, key = place.split("/")
    assert ours(seen.undone, seen.store, conversation)[key]
    emptied = {**seen.undone, "custom_attributes": {**seen.undone["custom_attributes"], conversation: {}}}
    assert any(conversation in told for told in invariants.undo_exact(replace(seen, undone=emptied)))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"requests": 100_000}, "requests where"),
        ({"windows": (700_000,)}, "in a minute"),
    ],
)
def test_bounds_are_seen_to_be_broken(
    seen: Evidence, wanted: Expected, changed: dict[str, Any], told: str
) -> None:
    assert any(told in each for each in invariants.bounded(replace(seen, **changed), wanted))


def test_a_process_that_hangs_or_swells_is_seen(seen: Evidence, wanted: Expected) -> None:
    last = replace(seen.sittings[-1], hung=True, largest=2_000_000_000)
    told = list(invariants.bounded(replace(seen, sittings=(last,)), wanted))
    assert len(told) == 2


@pytest.mark.parametrize("secret", [Sandbox.client_secret, "mara.quillfeather@example.org"])
def test_a_canary_is_seen_in_files_and_attributes(seen: Evidence, secret: str) -> None:
    leak = seen.folder / "leak.log"
    leak.write_text(f"before {secret} after")
    told = list(invariants.silent(seen))
    leak.unlink()
    assert any("leak.log" in each for each in told)
    assert not any(secret in each for each in told)
    carried = mine(seen, attributes={"extracted_issues_tag": [secret]})
    assert any("an attribute of" in each for each in invariants.silent(carried))


@pytest.mark.parametrize(
    ("field", "edit", "told"),
    [
        ("code", lambda _code: 0, "exits with 0"),
        ("code", lambda _code: 1, "without a word"),
        ("err", lambda err: err.replace("6 written", "7 written"), "where the journal has"),
        ("err", lambda err: f"Traceback (most recent call last)\n{err}", "traceback"),
    ],
)
def test_a_dishonest_ending_is_seen(
    seen: Evidence, field: str, edit: Callable[[Any], Any], told: str
) -> None:
    last = seen.sittings[-1]
    first = replace(last.done[0], **{field: edit(getattr(last.done[0], field))})
    broken = replace(seen, sittings=(*seen.sittings[:-1], replace(last, done=(first, *last.done[1:]))))
    assert any(told in each for each in invariants.honest(broken))


def test_a_change_before_a_kill_and_another_after_it_are_of_one_run(seen: Evidence) -> None:
    """The sitting that was killed has no end; the run that it belonged to is the one that was resumed."""
    first = ours_in(seen)[0]
    began = seen.sittings[-1].done[0].began
    before = replace(first, attributes={"extracted_issues_tag": ["other"]}, at=began - 5)
    broken = replace(seen, writes=(before, *seen.writes))
    assert any("2 times" in told for told in invariants.nothing_doubled(broken))
