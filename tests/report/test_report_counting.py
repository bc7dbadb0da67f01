"""Counting: every figure of a report equals a plain recount of the rows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.model import (
    ISSUE,
    PROCESSED,
    PRODUCT,
    RAISED,
    Assertion,
    ConversationRow,
    EntityRow,
    Nearness,
    PairRow,
    RunFacts,
    State,
    Usage,
    Verdict,
    Window,
)
from earmark.report import Report, build
from earmark.report.intervals import difference, wilson
from earmark.report.shape import ASIDE

MONDAY = datetime(2025, 3, 3, 12, tzinfo=UTC)
FACTS = RunFacts(
    id="run-1",
    started_at=datetime(2025, 5, 1, tzinfo=UTC),
    finished_at=datetime(2025, 5, 1, 0, 1, tzinfo=UTC),
    status="finished",
    source="files:chats.jsonl",
    writer="files:out.jsonl",
    window=Window(),
    dry_run=False,
    extractor={"model": "blank"},
    scorer="heuristic",
    thresholds={PRODUCT: 0.7, ISSUE: 0.7},
    usage=Usage(requests=30),
)


def conversation(number: int, state: State = State.WRITTEN, day: float | None = 0) -> ConversationRow:
    started = None if day is None else MONDAY + timedelta(days=day)
    return ConversationRow(f"c{number}", state, None, "webchat", "Support", "en", started, 3)


def finding(number: int, canonical_id: str, name: str = "", label: str = PRODUCT) -> EntityRow:
    return EntityRow(
        conversation_id=f"c{number}",
        label=label,
        canonical_id=canonical_id,
        name=name or canonical_id,
        verdict=Verdict.KEEP,
        confidence=0.8,
        confidence_kind="evidence",
        mentions=2,
        forms=(canonical_id,),
        senders=("customer",),
        linked=True,
    )


conversation_rows = st.lists(
    st.builds(
        ConversationRow,
        id=st.integers(0, 25).map("c{}".format),
        state=st.sampled_from(State),
        reason=st.sampled_from([None, "slow", "gone"]),
        channel=st.sampled_from(["webchat", "webmessaging"]),
        queue=st.sampled_from([None, "Billing", "Support"]),
        language=st.sampled_from([None, "en", "de"]),
        started_at=st.none() | st.integers(0, 60).map(lambda day: MONDAY + timedelta(days=day)),
        messages=st.integers(0, 9),
    ),
    max_size=30,
    unique_by=lambda row: row.id,
)
ASSERTIONS = {
    Verdict.KEEP: sorted(RAISED),
    Verdict.REVIEW: list(Assertion),
    Verdict.ASIDE: list(ASIDE),
    Verdict.DROP: list(Assertion),
}
decided = st.builds(
    lambda row, verdict, choice: replace(
        row, verdict=verdict, assertion=ASSERTIONS[verdict][choice % len(ASSERTIONS[verdict])]
    ),
    st.builds(
        EntityRow,
        conversation_id=st.integers(0, 27).map("c{}".format),
        label=st.sampled_from([PRODUCT, ISSUE, "PLAN"]),
        canonical_id=st.sampled_from("abcd"),
        name=st.sampled_from(["One", "Two", "Three"]),
        verdict=st.just(Verdict.DROP),
        confidence=st.none() | st.floats(0, 1),
        confidence_kind=st.just("evidence"),
        mentions=st.integers(1, 4),
        forms=st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, unique=True).map(tuple),
        senders=st.lists(st.sampled_from(["customer", "agent"]), min_size=1, unique=True).map(tuple),
        linked=st.booleans(),
    ),
    st.sampled_from(Verdict),
    st.integers(0, 5),
)
entity_rows = st.lists(
    decided, max_size=80, unique_by=lambda row: (row.conversation_id, row.label, row.canonical_id)
)
pair_rows = st.lists(
    st.builds(
        PairRow,
        conversation_id=st.integers(0, 27).map("c{}".format),
        product_id=st.sampled_from("abcd"),
        issue_id=st.sampled_from("abcd"),
        nearness=st.sampled_from(Nearness),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=150)
@given(conversation_rows, entity_rows, pair_rows, st.integers(1, 3))
def test_every_figure_equals_a_recount_of_the_rows(
    conversations: list[ConversationRow],
    findings: list[EntityRow],
    pairs: list[PairRow],
    min_count: int,
) -> None:
    report = build(FACTS, iter(conversations), iter(findings), iter(pairs))
    processed = {row.id: row for row in conversations if row.state in PROCESSED}
    kept = [row for row in findings if row.verdict is Verdict.KEEP and row.conversation_id in processed]

    assert report.totals.processed == len(processed)
    assert report.totals.seen == len(conversations)
    assert report.totals.messages == sum(row.messages for row in processed.values())
    assert report.totals.with_entities == len({row.conversation_id for row in kept})
    assert report.totals.unattached == sum(row.conversation_id not in processed for row in findings)
    assert dict(report.states) == Counter(row.state for row in conversations)
    assert {(entity.label, entity.id) for entity in report.entities} == {
        (row.label, row.canonical_id) for row in kept
    }
    for entity in report.entities:
        recount_entity(report, entity.label, entity.id, kept, processed)
    recount_matrix(report, kept)
    recount_slices(report, kept, processed)
    recount_verdicts(report, findings, processed)
    recount_apart(build(FACTS, conversations, findings, min_count=min_count), findings, processed)
    recount_pairs(build(FACTS, conversations, findings, pairs, min_count=min_count), kept, pairs)


def recount_entity(
    report: Report, label: str, key: str, kept: Sequence[EntityRow], processed: dict[str, ConversationRow]
) -> None:
    (entity,) = (one for one in report.entities if (one.label, one.id) == (label, key))
    rows = [row for row in kept if (row.label, row.canonical_id) == (label, key)]
    where = [processed[row.conversation_id] for row in rows]
    assert entity.conversations == len(rows)
    assert entity.mentions == sum(row.mentions for row in rows)
    assert entity.share.value == len(rows) / len(processed)
    assert dict(entity.forms) == Counter(form for row in rows for form in row.forms)
    assert dict(entity.sender) == Counter(sender for row in rows for sender in row.senders)
    assert dict(entity.queue) == Counter(row.queue or "unknown" for row in where)
    assert dict(entity.channel) == Counter(row.channel for row in where)
    assert dict(entity.language) == Counter(row.language or "unknown" for row in where)
    assert entity.linked == any(row.linked for row in rows)
    assert sum(entity.confidence) + entity.unscored == len(rows)
    assert entity.resolved == sum(row.assertion is Assertion.RESOLVED for row in rows)
    assert entity.resolved_share.value == entity.resolved / len(rows)
    names = Counter(row.name for row in rows)
    assert entity.name == min(names, key=lambda name: (-names[name], name))
    weeks = Counter(row.started_at.strftime("%G-W%V") for row in where if row.started_at)
    assert {
        week.name: count for week, count in zip(report.weeks, entity.weeks, strict=True) if count
    } == weeks


def recount_matrix(report: Report, kept: Sequence[EntityRow]) -> None:
    def conversations_of(label: str, key: str) -> set[str]:
        return {row.conversation_id for row in kept if (row.label, row.canonical_id) == (label, key)}

    for (product, count), cells in zip(report.matrix.products, report.matrix.cells, strict=True):
        products = conversations_of(PRODUCT, product)
        assert count == len(products)
        assert list(cells) == [
            len(products & conversations_of(ISSUE, issue)) for issue, _ in report.matrix.issues
        ]


def recount_slices(report: Report, kept: Sequence[EntityRow], processed: dict[str, ConversationRow]) -> None:
    annotated = {row.conversation_id for row in kept}
    counts: Counter[tuple[str, str]] = Counter()
    filled: Counter[tuple[str, str]] = Counter()
    for row in processed.values():
        for dimension in ("queue", "channel", "language"):
            place = (dimension, getattr(row, dimension) or "unknown")
            counts[place] += 1
            filled[place] += row.id in annotated
    assert {(piece.dimension, piece.value): piece.conversations for piece in report.slices} == counts
    assert {(piece.dimension, piece.value): piece.with_entities for piece in report.slices} == filled


def recount_verdicts(
    report: Report, findings: Sequence[EntityRow], processed: dict[str, ConversationRow]
) -> None:
    for stats in report.labels:
        rows = [row for row in findings if row.label == stats.label and row.conversation_id in processed]
        assert stats.findings == {verdict: sum(row.verdict is verdict for row in rows) for verdict in Verdict}
        assert stats.unscored == sum(row.confidence is None for row in rows)
        assert sum(map(sum, stats.confidence.values())) == len(rows) - stats.unscored
        aside = Counter(row.assertion for row in rows if row.verdict is Verdict.ASIDE)
        assert stats.aside == {assertion: aside[assertion] for assertion in ASIDE}
        kept = [row for row in rows if row.verdict is Verdict.KEEP]
        assert stats.resolved == sum(row.assertion is Assertion.RESOLVED for row in kept)


def recount_apart(
    report: Report, findings: Sequence[EntityRow], processed: dict[str, ConversationRow]
) -> None:
    """What was found in fewer conversations than are wanted stays out, however it was decided."""
    rows = [row for row in findings if row.conversation_id in processed and row.verdict is not Verdict.DROP]
    found = Counter((row.label, row.canonical_id) for row in rows)
    verdicts = Counter((row.label, row.canonical_id, row.verdict) for row in rows)
    assertions = Counter(
        (row.label, row.canonical_id, row.assertion) for row in rows if row.verdict is Verdict.ASIDE
    )
    assert {(one.label, one.id) for one in report.apart} == {
        (row.label, row.canonical_id)
        for row in rows
        if row.verdict is not Verdict.KEEP and found[row.label, row.canonical_id] >= report.min_count
    }
    for one in report.apart:
        key = (one.label, one.id)
        assert (one.kept, one.review) == (verdicts[*key, Verdict.KEEP], verdicts[*key, Verdict.REVIEW])
        assert one.aside == {assertion: assertions[*key, assertion] for assertion in ASIDE}


def recount_pairs(report: Report, kept: Sequence[EntityRow], pairs: Sequence[PairRow]) -> None:
    where = {(row.conversation_id, row.label, row.canonical_id) for row in kept}
    closest: dict[tuple[str, str, str], list[int]] = {}
    for pair in pairs:
        ends = {
            (pair.conversation_id, PRODUCT, pair.product_id), (pair.conversation_id, ISSUE, pair.issue_id)
        }  # fmt: skip
        if ends <= where:
            key = (pair.product_id, pair.issue_id, pair.conversation_id)
            closest.setdefault(key, []).append(list(Nearness).index(pair.nearness))
    nearest = Counter((key[:2], min(ranks)) for key, ranks in closest.items())
    totals = Counter(key[:2] for key in closest)
    assert {(one.product_id, one.issue_id): one.conversations for one in report.pairs} == {
        key: count for key, count in totals.items() if count >= report.min_count
    }
    for one in report.pairs:
        counts = [nearest[(one.product_id, one.issue_id), rank] for rank in range(len(Nearness))]
        assert list(one.nearness.values()) == counts


def test_the_order_of_rows_does_not_matter() -> None:
    """The journal may hand out rows in any order."""
    conversations = [conversation(number, day=number) for number in range(20)]
    findings = [finding(number, key) for number in range(20) for key in "abc"[: number % 4]]
    forth = build(FACTS, conversations, findings)
    back = build(FACTS, conversations[::-1], findings[::-1])
    assert forth == back


def test_a_repeated_finding_that_was_not_raised_counts_once() -> None:
    aside = replace(finding(1, "a"), verdict=Verdict.ASIDE, assertion=Assertion.ASKED)
    report = build(FACTS, [conversation(1)], [aside, aside])
    assert report.apart[0].set_aside == report.labels[0].findings[Verdict.ASIDE] == 1


def test_an_entity_has_one_name_whether_it_was_raised_or_not() -> None:
    review = replace(finding(1, "a", name="Aa"), verdict=Verdict.REVIEW)
    report = build(FACTS, [conversation(1), conversation(2)], [finding(2, "a", name="B"), review])
    assert (report.entities[0].name, report.apart[0].name) == ("B", "B")


def test_pairs_come_commonest_first_then_by_id() -> None:
    rows = [finding(n, key, label=label) for n in range(3) for key in "ab" for label in (PRODUCT, ISSUE)]
    pairs = [PairRow("c0", "b", "a", Nearness.CLAUSE), PairRow("c0", "a", "b", Nearness.MESSAGE)]
    pairs += [PairRow(f"c{n}", "b", "b", Nearness.NEIGHBOURS) for n in range(3)]
    report = build(FACTS, [conversation(n) for n in range(3)], rows, pairs)
    assert [(pair.product_id, pair.issue_id) for pair in report.pairs] == [("b", "b"), ("a", "b"), ("b", "a")]


def test_a_repeated_row_counts_once() -> None:
    report = build(FACTS, [conversation(1), conversation(1)], [finding(1, "a"), finding(1, "a")])
    assert report.totals.seen == report.totals.processed == 1
    assert (report.entities[0].conversations, report.entities[0].mentions) == (1, 2)


def test_conversations_without_entities_are_in_the_denominator() -> None:
    report = build(FACTS, [conversation(number) for number in range(4)], [finding(0, "a")])
    assert report.totals.processed == 4
    assert report.entities[0].share.value == 0.25


def test_review_and_drop_are_counted_apart_from_what_was_kept() -> None:
    findings = [
        finding(0, "a"),
        replace(finding(0, "b"), verdict=Verdict.REVIEW),
        replace(finding(0, "c"), verdict=Verdict.ASIDE),
        replace(finding(0, "d"), verdict=Verdict.DROP),
    ]
    report = build(FACTS, [conversation(0)], findings)
    assert [entity.id for entity in report.entities] == ["a"]
    assert report.labels[0].findings == dict.fromkeys(Verdict, 1)


def test_rare_entities_are_counted_but_not_listed() -> None:
    findings = [finding(0, "a"), finding(1, "a"), finding(0, "rare")]
    report = build(FACTS, [conversation(0), conversation(1)], findings, min_count=2)
    assert [entity.id for entity in report.entities] == ["a"]
    assert (report.labels[0].entities, report.labels[0].hidden) == (2, 1)


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [(0.0, 0), (0.0999, 0), (0.1, 1), (0.3, 3), (0.7, 7), (0.999, 9), (1.0, 9), (1.2, 9), (-0.1, 0)],
)
def test_a_confidence_falls_into_its_tenth(confidence: float, expected: int) -> None:
    report = build(FACTS, [conversation(0)], [replace(finding(0, "a"), confidence=confidence)])
    assert report.entities[0].confidence.index(1) == expected


@pytest.mark.parametrize("confidence", [None, float("nan")])
def test_a_missing_confidence_is_unscored_and_never_one(confidence: float | None) -> None:
    report = build(FACTS, [conversation(0)], [replace(finding(0, "a"), confidence=confidence)])
    assert (sum(report.entities[0].confidence), report.entities[0].unscored) == (0, 1)
    assert report.confidence_kind == "none"


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [(["evidence"], "evidence"), (["probability"], "probability"), (["probability", "evidence"], "mixed")],
)
def test_the_kind_of_confidence_is_what_the_rows_say(kinds: list[str], expected: str) -> None:
    findings = [replace(finding(0, kind), confidence_kind=kind) for kind in kinds]
    assert build(FACTS, [conversation(0)], findings).confidence_kind == expected


# Weeks


def test_weeks_without_conversations_are_there() -> None:
    report = build(FACTS, [conversation(0, day=0), conversation(1, day=21)], [finding(0, "a")])
    assert [week.name for week in report.weeks] == ["2025-W10", "2025-W11", "2025-W12", "2025-W13"]
    assert [week.conversations for week in report.weeks] == [1, 0, 0, 1]
    assert report.entities[0].weeks == (1, 0, 0, 0)


def test_the_window_widens_the_weeks_and_decides_which_are_full() -> None:
    window = Window(datetime(2025, 2, 26, tzinfo=UTC), datetime(2025, 3, 17, tzinfo=UTC))
    report = build(replace(FACTS, window=window), [conversation(0)], [])
    assert [(week.name, week.full) for week in report.weeks] == [
        ("2025-W09", False),
        ("2025-W10", True),
        ("2025-W11", True),
    ]


def test_a_window_that_reaches_into_the_future_ends_with_the_run() -> None:
    window = Window(until=datetime.max.replace(tzinfo=UTC))
    report = build(replace(FACTS, window=window), [conversation(0)], [])
    assert report.weeks[-1].name == "2025-W18"


def test_iso_weeks_across_new_year_stay_whole() -> None:
    rows = [replace(conversation(n), started_at=datetime(2024, 12, 30 + n, tzinfo=UTC)) for n in range(2)]
    rows.append(replace(conversation(2), started_at=datetime(2025, 1, 5, 23, 59, tzinfo=UTC)))
    report = build(FACTS, rows, [])
    assert [(week.name, week.monday, week.conversations) for week in report.weeks] == [
        ("2025-W01", date(2024, 12, 30), 3)
    ]


def test_a_stray_old_date_does_not_stretch_the_weeks_without_end() -> None:
    stray = replace(conversation(1), started_at=datetime(1, 1, 1, tzinfo=UTC))
    report = build(FACTS, [conversation(0), stray, conversation(2, day=None)], [finding(1, "a")])
    assert len(report.weeks) == 260
    assert report.totals.undated == 2
    assert report.totals.processed == sum(week.conversations for week in report.weeks) + 2


def two_weeks(first: int, second: int) -> Iterator[EntityRow]:
    yield from (finding(number, "a") for number in range(first))
    yield from (finding(100 + number, "a") for number in range(second))


@pytest.mark.parametrize(
    ("first", "second", "direction"), [(5, 40, "up"), (40, 5, "down"), (20, 22, "steady"), (0, 0, None)]
)
def test_a_trend_is_claimed_only_beyond_chance(first: int, second: int, direction: str | None) -> None:
    """The last full week is compared with the one before; the partial third week is not."""
    rows = [conversation(number, day=number % 7) for number in range(100)]
    rows += [conversation(100 + number, day=7 + number % 7) for number in range(100)]
    rows += [conversation(999, day=14)]
    report = build(FACTS, rows, [*two_weeks(first, second), finding(999, "b")])
    assert report.compared == ("2025-W10", "2025-W11")
    trends = [entity.trend for entity in report.entities if entity.id == "a"]
    assert [trend and trend.direction for trend in trends] == ([direction] if direction else [])
    assert [(trend.previous, trend.last) for trend in trends if trend] == (
        [(first, second)] if direction else []
    )


def test_among_many_entities_chance_alone_moves_none() -> None:
    """300 entities that have not changed: at 5 % each, some fifteen arrows would be false."""
    dice = random.Random(20)
    rows = [conversation(number, day=number % 14) for number in range(280)]
    findings = [finding(n, f"e{k}") for n in range(280) for k in range(300) if dice.random() < 0.3]
    trends = [entity.trend for entity in build(FACTS, rows, findings).entities if entity.trend]
    assert len(trends) == 300
    assert {trend.direction for trend in trends} == {"steady"}
    assert sum(trend.change.low > 0 or trend.change.high < 0 for trend in trends) > 3


def test_one_full_week_has_no_trend() -> None:
    report = build(FACTS, [conversation(number, day=number) for number in range(7)], [finding(0, "a")])
    assert report.compared is None
    assert report.entities[0].trend is None


# What needs attention


def test_what_was_not_processed_is_listed_with_its_reason_and_correlation_id() -> None:
    rows = [
        replace(conversation(0, State.PENDING), reason="not ready"),
        replace(conversation(1, State.FAILED), reason="503", correlation_id="abc"),
        conversation(2, State.SKIPPED),
        conversation(3),
    ]
    attention = build(FACTS, rows, []).attention
    assert attention.total == 3
    assert attention.reasons == (
        (State.FAILED, "503", 1),
        (State.SKIPPED, "no reason given", 1),
        (State.PENDING, "not ready", 1),
    )
    assert (attention.examples[0].id, attention.examples[0].correlation_id) == ("c1", "abc")


def test_many_failures_are_all_counted_and_the_first_fifty_named() -> None:
    rows = [replace(conversation(n, State.FAILED), reason=f"reason {n}") for n in range(500)]
    attention = build(FACTS, rows, []).attention
    assert attention.total == 500
    assert [one.id for one in attention.examples] == [f"c{n}" for n in range(50)]
    assert len(attention.reasons) == 50


def test_a_conflict_was_processed_and_still_needs_attention() -> None:
    report = build(FACTS, [conversation(0, State.CONFLICT)], [finding(0, "a")])
    assert report.totals.processed == report.attention.total == report.entities[0].conversations == 1


def test_an_empty_run_is_a_report_too() -> None:
    report = build(FACTS, [], [])
    assert report.totals.processed == 0
    assert report.requests_per_conversation is None
    assert not any((report.entities, report.weeks, report.slices))


# Intervals


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_agrees_with_published_values(count: int, total: int, low: float, high: float) -> None:
    share = wilson(count, total)
    assert [share.low, share.high] == pytest.approx([low, high], abs=1e-4)


def test_newcombe_agrees_with_its_published_example() -> None:
    """56/70 against 48/80: 0.2000, interval 0.0524 to 0.3339."""
    change = difference(wilson(56, 70), wilson(48, 80))
    assert [change.value, change.low, change.high] == pytest.approx([0.2, 0.0524, 0.3339], abs=1e-4)


@given(st.integers(0, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_an_interval_always_holds_its_share(pair: tuple[int, int]) -> None:
    share = wilson(*pair)
    assert 0 <= share.low <= share.value <= share.high <= 1


def test_forms_and_cells_of_fewer_conversations_than_the_least_count_are_not_shown() -> None:
    """A wording, or a product with an issue, that a single conversation has would tell what one person said."""
    findings = [
        EntityRow(f"c{n}", label, label, label, Verdict.KEEP, 0.9, "evidence", 1, forms, (), True)
        for n, label, forms in (
            (0, PRODUCT, ("x200", "my late father's x200")),
            (1, PRODUCT, ("x200",)),
            (1, ISSUE, ("broken",)),
            (2, ISSUE, ("broken",)),
        )
    ]
    report = build(FACTS, [conversation(n) for n in range(3)], findings, min_count=2)
    (product,) = report.of(PRODUCT)
    assert (product.forms, product.form_count) == ((("x200", 2),), 2)
    assert report.matrix.cells == ((0,),)
    assert build(FACTS, [conversation(n) for n in range(3)], findings).matrix.cells == ((1,),)


def test_a_conversation_that_was_read_in_part_is_counted_and_needs_attention() -> None:
    """Its figures are true of what was read, and the report says that it was not all."""
    part = "truncated_input: 5 characters in 1 of 2 messages were read"
    rows = [
        ConversationRow("c0", State.WRITTEN, part, "chat", None, None, MONDAY, 1),
        ConversationRow("c1", State.WRITTEN, "2 names found no room", "chat", None, None, MONDAY, 1),
    ]
    report = build(FACTS, rows, [])
    assert report.totals.processed == 2
    assert report.attention.total == 1
    assert report.attention.reasons == ((State.WRITTEN, part, 1),)
    assert [trouble.id for trouble in report.attention.examples] == ["c0"]
