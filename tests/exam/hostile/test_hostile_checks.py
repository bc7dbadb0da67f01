"""The checks of hostile input can fail: each tells of an outcome that was made wrong on purpose."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from exam.hostile.program import Ended, beyond

from earmark.model import Mention, Sender
from exam.hostile import catalogs, characters, effort, inert, looks, patterns, size

FINE = Ended(0, "", "", 0.1, 1 << 20)


@pytest.mark.parametrize(
    "ended",
    [
        Ended(1, "", "", 0.1, 1 << 20),
        Ended(0, "", "", 99.0, 1 << 20),
        Ended(0, "", "", 0.1, 2 << 30),
        Ended(0, "", "Traceback (most recent call last)", 0.1, 1 << 20),
    ],
)
def test_a_wrong_code_too_long_too_large_and_a_traceback_are_told(ended: Ended) -> None:
    def told(end: Ended) -> list[str]:
        return list(beyond(end, codes=(0,), seconds=9.0, megabytes=1024))

    assert told(FINE) == []
    assert len(told(ended)) == 1


def test_a_report_that_says_nothing_of_what_was_cut_is_told() -> None:
    assert list(size.unsaid({"reason": "truncated_input: 5 of 9"}, size.MARK)) == []
    assert list(size.unsaid({"reason": "done"}, size.MARK))


def test_slow_work_is_told() -> None:
    def busy(text: str) -> None:
        end = time.process_time() + 0.02
        while time.process_time() < end and text:
            pass

    assert list(effort.slow(busy, {"wall": "!"}, limit=0.005))
    assert list(effort.slow(len, {"wall": "!"}, limit=0.005)) == []


def found(start: int, text: str, entry: str | None = "acme") -> Mention:
    return Mention(0, start, start + len(text), text, "PRODUCT", "catalog", Sender.CUSTOMER, entry)


@pytest.mark.parametrize(
    "mentions",
    [
        [],
        [found(3, "Acme Router", "cafe")],
        [found(3, "Acme")],
        [found(4, "Acme Router")],
        [found(3, "Acme Router")] * 2,
    ],
)
def test_another_entry_another_place_and_nothing_at_all_are_told(mentions: Sequence[Mention]) -> None:
    golden = (("plain", "my Acme Router", "acme", "Acme Router"),)
    assert list(characters.unlike(lambda _: [[found(3, "Acme Router")]], golden)) == []
    assert list(characters.unlike(lambda _: [mentions], golden))


TERMINAL = ("\x1b[31m", "\x9b2J", "\x07", "\0", "\x7f", "\u202e", "a\nX-Evil: 1")
TABLE = (
    "a\r\n=1\r\n",
    "a\r\n＝1\r\n",
    "a\r\n\u200b=1\r\n",
    'a\r\n"\t1"\r\n',
    "a\r\nx\x1b\r\n",
    'a\r\n"x\ny"\r\n',
    "a,b\r\nx\r\n",
)
SCRIPTS = "<script></script>" * looks.SCRIPTS
PAGE = (
    f"{SCRIPTS}<script>",
    f"{SCRIPTS}<img>",
    f"{SCRIPTS}<b onclick='x'>",
    f"{SCRIPTS}<a href='javascript:x'>",
    f"{SCRIPTS}<b style='x'>",
    f"{SCRIPTS}<iframe>",
    "",
)


@pytest.mark.parametrize("output", TERMINAL)
def test_what_steers_a_terminal_is_told(output: str) -> None:
    assert list(looks.unsafe_terminal("plain, é, 漢, 😀\r\n")) == []
    assert list(looks.unsafe_terminal(output))


@pytest.mark.parametrize("table", TABLE)
def test_what_a_spreadsheet_would_compute_is_told(table: str) -> None:
    assert list(looks.unsafe_table("a,b\r\n'=1,x\r\n")) == []
    assert list(looks.unsafe_table(table))


@pytest.mark.parametrize("page", PAGE)
def test_elements_attributes_and_links_out_of_data_are_told(page: str) -> None:
    assert list(looks.unsafe_page(f"{SCRIPTS}<p>&lt;img&gt;<a href='#x'>y</a>")) == []
    assert list(looks.unsafe_page(page))


def test_a_template_that_computes_is_told() -> None:
    assert list(looks.missing_text("<p>{{7*7}}</p>", "{{7*7}}")) == []
    assert list(looks.missing_text("<p>49</p>", "{{7*7}}"))


def test_a_file_outside_of_the_folder_is_told(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    home.mkdir(parents=True)
    (home / "r.csv").touch()
    assert list(inert.outside(tmp_path, home)) == []
    (tmp_path / "escape-alpaca").touch()
    assert list(inert.outside(tmp_path, home)) == ["escape-alpaca was written outside of the folder"]


def test_a_catalog_that_is_accepted_or_refused_without_its_line_is_told() -> None:
    assert list(catalogs.misjudged(Ended(2, "c.csv:2: error", "", 0.1, 1), ["c.csv:2: error"])) == []
    assert list(catalogs.misjudged(Ended(0, "c.csv:2: error", "", 0.1, 1), ["c.csv:2: error"]))
    assert list(catalogs.misjudged(Ended(2, "c.csv: error", "", 0.1, 1), ["c.csv:2: error"]))


def test_an_expression_that_is_accepted_or_slow_is_told() -> None:
    assert list(patterns.accepted(lambda _: "c.csv:2: no", {"x": "("})) == []
    assert list(patterns.accepted(lambda _: "", {"x": "("})) == ["x: accepted"]
    assert list(patterns.accepted(lambda _: "c.csv: no", {"x": "("}))
    assert list(patterns.slow(lambda _: 2.0, {"x": "("})) == ["x: 2.00 s"]
    assert list(patterns.slow(lambda _: 0.1, {"x": "("})) == []
