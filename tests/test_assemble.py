"""Settings become the right parts: specs, times, windows, thresholds, and the contract's own defaults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from earmark.assemble import Asked, Workshop
from earmark.cuts import options, policy
from earmark.errors import ConfigError, StoppedError
from earmark.journal import Journal, NewRun
from earmark.model import Json, Window
from earmark.settings import load


def workshop(notices: list[str] | None = None, **flags: object) -> Workshop:
    return Workshop(load(**flags), (notices if notices is not None else []).append)


def test_the_first_window_is_a_week_and_the_next_goes_on_from_the_last_run() -> None:
    opened = workshop(source="genesys")
    until = datetime(2026, 3, 8, tzinfo=UTC)
    assert opened.window(Asked(until=until), None) == Window(until - timedelta(days=7), until)
    last = until - timedelta(days=2)
    assert opened.window(Asked(until=until), last) == Window(last - timedelta(hours=24), until)


@pytest.mark.parametrize("days", [-3, 3], ids=["the clock here is ahead", "the clock here is behind"])
def test_a_window_ends_by_the_time_of_the_service(days: int) -> None:
    theirs = datetime.now(UTC) + timedelta(days=days)
    window = workshop(source="genesys").window(Asked(), None, lambda: theirs)
    assert window.until == theirs - timedelta(minutes=1)


def test_a_window_never_reaches_into_the_future() -> None:
    window = workshop(source="genesys").window(Asked(until=datetime.now(UTC) + timedelta(days=400)), None)
    assert window.until is not None
    assert window.until <= datetime.now(UTC)


def test_an_empty_window_is_refused() -> None:
    day = datetime(2026, 3, 8, tzinfo=UTC)
    with pytest.raises(ConfigError, match="window is empty"):
        workshop(source="genesys").window(Asked(since=day, until=day), None)


def test_files_are_read_whole_unless_a_window_is_asked_for() -> None:
    assert workshop(source="chats.jsonl").window(Asked(), None) == Window()


def test_options_hold_every_threshold_and_no_secret() -> None:
    settings = load(client_secret="hush", threshold=0.6, thresholds={"ISSUE": 0.9}, reviews={"ISSUE": 0.5})
    kept = options(settings, policy(settings, {}), limit=5)
    assert kept["thresholds"] == {"PRODUCT": 0.6, "ISSUE": 0.9}
    assert kept["reviews"] == {"PRODUCT": 0.3, "ISSUE": 0.5}
    assert kept["limit"] == 5
    assert "hush" not in str(kept)


def test_a_resumed_run_has_the_cuts_with_which_it_began_whatever_is_recommended_or_set_since() -> None:
    settings = load(thresholds={"ISSUE": 0.9})
    began = policy(settings, {"recommended": {"PRODUCT": 0.8}})
    kept = options(settings, began, limit=None)
    Path("earmark.toml").write_text("threshold = 0.1\nreview = 0.05\n")
    again = load(**{name: value for name, value in kept.items() if name != "limit"})
    assert policy(again, {"recommended": {"PRODUCT": 0.2, "ISSUE": 0.2}}) == began


@pytest.mark.parametrize(
    ("told", "recommended", "product", "issue"),
    [
        ({}, None, 0.7, 0.7),
        ({}, {}, 0.7, 0.7),
        ({}, {"ISSUE": 0.85}, 0.7, 0.85),
        ({}, {"ISSUE": None}, 0.7, 0.7),
        ({"thresholds": {"ISSUE": 0.4}}, {"ISSUE": 0.85, "PRODUCT": 0.8}, 0.8, 0.4),
        ({"threshold": 0.5}, {"ISSUE": 0.85, "PRODUCT": 0.8}, 0.5, 0.5),
        ({"threshold": 0.0}, {"ISSUE": 0.85}, 0.0, 0.0),
        ({"threshold": 0.5, "thresholds": {"PRODUCT": 0.6}}, {"ISSUE": 0.85}, 0.6, 0.5),
    ],
)
def test_what_is_told_wins_over_what_the_scorer_recommends(
    told: dict[str, object], recommended: dict[str, Json] | None, product: float, issue: float
) -> None:
    facts: dict[str, Json] = {} if recommended is None else {"recommended": recommended}
    cuts = policy(load(**told), facts)
    assert (cuts.cut("PRODUCT"), cuts.cut("ISSUE")) == (product, issue)


def test_a_threshold_in_the_file_wins_over_the_recommended_one_and_a_flag_over_the_file() -> None:
    Path("earmark.toml").write_text("threshold = 0.6\n")
    facts: dict[str, Json] = {"recommended": {"PRODUCT": 0.9}}
    assert policy(load(), facts).cut("PRODUCT") == 0.6
    assert policy(load(threshold=0.5), facts).cut("PRODUCT") == 0.5


@pytest.mark.parametrize("kind", ["thresholds", "reviews"])
def test_a_cut_for_a_label_that_nothing_has_is_refused(kind: str) -> None:
    with pytest.raises(ConfigError, match="told for FOO"):
        policy(load(**{kind: {"FOO": 0.5}}), {})
    mapped = load(label_map={"NORP": "FOO"}, **{kind: {"FOO": 0.5}})
    cuts = policy(mapped, {})
    assert (cuts.cut("FOO") if kind == "thresholds" else cuts.review_cut("FOO")) == 0.5


def test_the_contracts_model_is_used_where_it_is_installed_and_missed_aloud_where_not() -> None:
    notices: list[str] = []
    extractor = workshop(notices, source="interactions").extractor()
    if "en_core_web_sm" in extractor.facts["model"]:
        assert notices == []
    else:
        assert "going on with Earmark's own model" in notices[0]
        assert "python -m spacy download en_core_web_sm" in notices[0]
    assert "en_core_web_sm" not in workshop(source="genesys").extractor().facts["model"]


def test_odd_catalog_rows_are_told_to_the_user(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text("id,name,aliases\np1,Slack,the\n")
    notices: list[str] = []
    workshop(notices, source="x.jsonl", catalog=["catalog.csv"]).extractor()
    assert any("the" in notice for notice in notices)


def test_a_run_that_cannot_find_products_says_so(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text("id,name\np1,Slack\n")
    with_catalog: list[str] = []
    without: list[str] = []
    workshop(with_catalog, source="x.jsonl", model="none", catalog=["catalog.csv"]).extractor()
    workshop(without, source="x.jsonl", model="none").extractor()
    assert with_catalog == []
    assert "products will not" in without[0]


@pytest.mark.parametrize("model", ["none", "None", "", " "])
def test_a_run_may_go_without_a_model(model: str) -> None:
    assert workshop(source="x.jsonl", model=model).extractor().facts["model"] == "none"


def test_earmarks_own_model_is_the_default() -> None:
    notices: list[str] = []
    facts = workshop(notices, source="x.jsonl").extractor().facts
    assert facts["model"].startswith("en_earmark_chat ")
    assert facts["rules"].endswith(" rules, for names")
    assert notices == []


def test_rules_can_be_put_to_work_beside_the_model_and_left_out() -> None:
    beside = workshop(source="x.jsonl", rules=True).extractor().facts
    alone = workshop(source="x.jsonl", model="none").extractor().facts
    neither = workshop(source="x.jsonl", model="none", rules=False).extractor().facts
    assert beside["rules"] == alone["rules"] != "0 rules"
    assert neither["rules"] == "0 rules"


@pytest.mark.parametrize("seconds", [0.01, 3600.0])
def test_a_pause_ends_when_the_run_is_asked_to_stop(seconds: float) -> None:
    """A short one, too: what follows it may be a request that hangs."""
    opened = workshop(source="genesys")
    opened.stop.set()
    with pytest.raises(StoppedError):
        opened.pause(seconds)


def test_the_watermark_belongs_to_one_source_and_writer(journal: Journal) -> None:
    until = datetime(2026, 3, 1, tzinfo=UTC)
    run_id = journal.start(
        NewRun("genesys:recordings", "custom_attributes", "t", Window(None, until), "f", {}, {})
    )
    journal.listed(run_id)
    assert journal.watermark("genesys:recordings", "custom_attributes") == until
    assert journal.watermark("genesys:batch", "custom_attributes") is None


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("none", "none"),
        ("custom_attributes", "custom_attributes"),
        ("participant_data", "participant_data"),
        ("interactions", "interactions"),
        ("files:out.jsonl", "files:out.jsonl"),
        ("out.jsonl", "files:out.jsonl"),
    ],
)
def test_every_writer_opens_by_its_name(journal: Journal, spec: str, name: str) -> None:
    opened = workshop(
        source="genesys", writer=spec, region="http://127.0.0.1:9", client_id="one", client_secret="two"
    )
    try:
        assert opened.writer(journal).name == name
    finally:
        opened.close()
