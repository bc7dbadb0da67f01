"""What people look at: the HTML page and the terminal; and how files are written."""

from __future__ import annotations

import io
import json
import re
import time
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.report.runs import MONDAY, RUN, counted_run, judged_run

from earmark.errors import OutputError
from earmark.model import (
    ISSUE,
    PRODUCT,
    ConversationRow,
    EntityRow,
    Nearness,
    PairRow,
    State,
    Verdict,
)
from earmark.report import Report, build, print_summary, to_html, to_json, write
from earmark.report.shown import shown_names
from earmark.report.together import together
from earmark.report.wording import span

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"><svg onload='alert(1)'>",
    "javascript:alert(1)//",
    "=cmd()|' /C calc'!A0",
    "{{7*7}}{% raw %}",
    "[bold red]loud[/] [link=http://x.example]y[/link]",
    "\x1b[31mred\x1b[0m \x1b]8;;http://x.example\x07link\x1b]8;;\x07",
    "line\r\nbreak \u2028 \u2029 nul \x00 bell \x07",
    "\u202egnp.exe \u2066isolate",
    "lone \ud800 surrogate",
    "مرحبا بالعالم",
    "👩‍👩‍👧 emoji",
    "x" * 5000,
    "",
)


# HTML


class Page(HTMLParser):
    """Elements, attributes and texts of a page, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.contents: list[tuple[str, dict[str, str | None], str]] = []
        self._open: tuple[str, dict[str, str | None]] | None = None
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self._open = (tag, dict(attrs)) if tag in {"script", "style"} else None

    def handle_data(self, data: str) -> None:
        if self._open:
            self.contents.append((*self._open, data))
        else:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def scripts(self) -> list[str]:
        return [
            body for tag, attributes, body in self.contents if tag == "script" and "type" not in attributes
        ]

    def block(self) -> Any:
        (body,) = (
            body for _, attributes, body in self.contents if attributes.get("type") == "application/json"
        )
        return json.loads(body)


def hostile_page() -> Page:
    return Page(
        to_html(
            counted_run(
                HOSTILE,
                id=HOSTILE[0],
                source=HOSTILE[1],
                extractor={HOSTILE[3]: HOSTILE[2]},
                scorer=HOSTILE[1],
            )
        )
    )


def test_hostile_names_make_no_elements_attributes_or_scripts() -> None:
    plain, hostile = Page(to_html(counted_run())), hostile_page()
    assert hostile.tags == plain.tags
    assert not [name for name, _ in hostile.attributes if name.startswith("on") or name in {"src", "style"}]
    assert hostile.scripts() == plain.scripts()
    links = {value for name, value in hostile.attributes if name == "href"}
    assert all(link and link.startswith("#") for link in links)


def test_hostile_names_reach_the_page_as_text() -> None:
    page = hostile_page()
    names = {entity["name"] for entity in page.block()["entities"]}
    assert {HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[6], "red link", "gnp.exe isolate"} <= names
    assert "مرحبا بالعالم" in names
    assert HOSTILE[0] in page.text
    assert "49" not in {name.strip() for name in names}


def test_the_page_may_run_only_its_own_scripts_and_fetch_nothing() -> None:
    html = to_html(counted_run())
    page = Page(html)
    policy = next(value for name, value in page.attributes if value and value.startswith("default-src"))
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"unsafe|https?:|\*", policy)
    assert len(page.scripts()) == 2
    bodies = page.scripts() + [body for tag, _, body in page.contents if tag == "style"]
    for body in bodies:
        assert f"'sha256-{b64encode(sha256(body.encode()).digest()).decode()}'" in policy
    assert not page.tags & {"link", "iframe", "img", "object", "base", "form"}


def test_our_own_script_builds_text_never_markup() -> None:
    own = Page(to_html(counted_run())).scripts()[1]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", own)


def test_the_data_block_holds_the_report_s_figures() -> None:
    block = Page(to_html(counted_run())).block()
    assert [(entity["name"], entity["conversations"]) for entity in block["entities"]] == [
        ("Router X200", 14), ("Tablet", 14), ("Router X200", 10), ("Tablet", 10),
    ]  # fmt: skip
    assert block["charts"][0]["top"][0]["value"] == 0.5
    assert sum(week["conversations"] for week in block["weeks"]) == 28


def test_hostile_names_and_reasons_are_inert_wherever_they_are_shown() -> None:
    """Pairs, what is not counted, promises and the facts of the run."""
    certificate = {"status": HOSTILE[0], "reason": HOSTILE[1], "channels": [HOSTILE[3]]}
    confidence = {
        "kind": HOSTILE[0],
        "certificates": {PRODUCT: certificate, HOSTILE[2]: {"status": "in force", "channels": [HOSTILE[1]]}},
        "calibration": {HOSTILE[0]: HOSTILE[1], "fitted_on": {HOSTILE[3]: HOSTILE[0]}},
    }
    plain = Page(to_html(judged_run()))
    hostile = Page(to_html(judged_run((HOSTILE[0], HOSTILE[3]), confidence=confidence, scorer=HOSTILE[1])))
    assert hostile.tags == plain.tags
    assert not [name for name, _ in hostile.attributes if name.startswith("on") or name in {"src", "style"}]
    assert hostile.scripts() == plain.scripts()
    assert hostile.text.count(HOSTILE[0]) > 5


def test_the_page_says_whether_it_shows_pairs_or_mere_occurrence_together() -> None:
    close, anywhere = Page(to_html(judged_run())), Page(to_html(counted_run()))
    assert "said close to each other: in one clause" in close.text
    assert "Commonest pairs" in close.text
    evidence = "3 in one clause, 3 in one message, 2 in neighbouring messages"
    assert {("title", evidence), ("aria-label", evidence)} <= set(close.attributes)
    assert "both occur, however far apart" in anywhere.text
    assert "Commonest pairs" not in anywhere.text
    rows = [ConversationRow(f"c{n}", State.WRITTEN, None, "chat", None, None, MONDAY, 1) for n in range(2)]
    apart = [
        EntityRow(f"c{n}", label, "x", "x", Verdict.KEEP, 0.9, "evidence", 1, (), (), True)
        for n, label in ((0, PRODUCT), (1, ISSUE))
    ]
    assert "Which issues come with which products" not in Page(to_html(build(RUN, rows, apart))).text


def test_every_row_and_column_of_the_heat_map_holds_a_pair() -> None:
    """The products of most pairs need not be those of the commonest issues."""
    findings, pairs = [], []
    for n in range(20):
        for label, name in ((PRODUCT, f"p{n}"), (ISSUE, f"i{n}"), (PRODUCT, "all"), (ISSUE, f"j{n % 2}")):
            told = (label, name, name, Verdict.KEEP, 0.9, "evidence", 1, (), (), True)
            findings.append(EntityRow(f"c{n}", *told))
        pairs += [PairRow(f"c{n}", f"p{n}", f"i{n}", Nearness.CLAUSE)]
        pairs += [PairRow(f"c{n}", "all", f"j{n % 2}", Nearness.MESSAGE)]
    rows = [ConversationRow(f"c{n}", State.WRITTEN, None, "chat", None, None, MONDAY, 1) for n in range(20)]
    report = build(RUN, rows, findings, pairs)
    shown = together(report, shown_names(report))
    assert shown is not None
    cells = [[cell["count"] for cell in row["cells"]] for row in shown["rows"]]
    assert (len(cells), len(cells[0])) == (11, 12)
    assert all(any(row) for row in cells)
    assert all(any(column) for column in zip(*cells, strict=True))
    assert cells[0][:2] == [10, 10]


def test_the_page_tells_what_was_not_counted_and_what_is_promised() -> None:
    page = Page(to_html(judged_run()))
    assert "Issues: 1 negated, 1 hypothetical, 1 asked, 1 left for review." in page.text
    assert "at least 95 % right, with 95 % assurance (312 checked, 6 wrong)" in page.text
    assert "8 kept, 3 set aside, 1 for review" in page.text
    facts = page.text[page.text.index("The run") :]
    for fact in ("fitted onconversations 1,200", "ece0.0213", "provisionalyes"):
        assert f"Calibration, {fact}" in facts
    assert "Review from, products0.55" in facts
    assert "Calibration, table" not in facts
    assert [row["resolved"] for row in page.block()["entities"]] == [None, 0.25]


def test_a_run_that_did_not_look_for_resolved_shows_no_share_of_it() -> None:
    page = Page(to_html(counted_run()))
    assert {row["resolved"] for row in page.block()["entities"]} == {None}
    assert "Found, and not counted" not in page.text
    assert "resolved" not in terminal(counted_run())


def test_thousands_of_entities_are_capped_and_the_page_says_so() -> None:
    rows = [ConversationRow("c0", State.WRITTEN, None, "webchat", None, None, MONDAY, 1)]
    findings = [
        EntityRow("c0", PRODUCT, f"i{n}", "N" * 500 + str(n), Verdict.KEEP, 0.9, "evidence", 1, (), (), True)
        for n in range(2500)
    ]
    html = to_html(build(RUN, rows, findings))
    assert len(Page(html).block()["entities"]) == 2000
    assert "The commonest 2,000 of 2,500" in html
    assert len(html) < 2_000_000


@pytest.mark.parametrize("size", [0, 1])
def test_next_to_nothing_still_makes_a_page(size: int) -> None:
    page = Page(to_html(counted_run(size=size)))
    assert len(page.block()["entities"]) == 4 * size
    assert ("No conversation was processed." in page.text) is (size == 0)


def test_what_failed_is_on_the_page_with_its_correlation_id() -> None:
    page = Page(to_html(counted_run()))
    assert "1 conversation needs attention" in page.text
    assert "corr-9" in page.text


# The terminal


def terminal(report: Report, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    print_summary(report, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_evidence_is_never_sold_as_probability() -> None:
    """In every form that a person reads."""
    report = counted_run()
    said = "evidence, not a calibrated probability"
    assert said in to_json(report)["confidence"]["note"]
    assert said in to_html(report)
    assert said in terminal(report)


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_the_summary_fits_the_console(width: int) -> None:
    lines = terminal(counted_run(("Router X200", "A name that is far too long for any column of it")), width)
    assert max(len(line.rstrip()) for line in lines.splitlines()) <= width
    assert re.search(r"Router X.*14 +50\.0%", lines)


def test_the_summary_says_what_needs_attention_and_what_it_cost() -> None:
    text = terminal(counted_run())
    assert "1 conversation needs attention" in text
    assert "61 requests (2.18 a conversation)" in text
    assert "2 min 05 s" in text
    assert "throttled 1 time" in text


def test_the_summary_tells_resolved_what_was_not_counted_and_what_is_promised() -> None:
    text = terminal(judged_run(), 200)
    assert re.search(r"No light .*8 +66\.7% +25%", text)
    assert "Found, and not counted: 1 negated, 1 hypothetical, 1 asked, 1 left for review" in text
    assert "(312 checked, 6 wrong); 2 conversations not covered: certified for webchat alone." in text


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_a_summary_with_all_that_can_be_told_fits_the_console(width: int) -> None:
    text = terminal(judged_run(("Router X200", "A name that is far too long for any column of it")), width)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width


def test_names_cannot_style_move_or_link_in_the_terminal() -> None:
    """Escapes are gone and markup is shown as it was written."""
    for name in HOSTILE:
        text = terminal(counted_run((name,), id=name))
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    assert "[bold red]loud[/]" in terminal(counted_run((HOSTILE[7],)))


def test_a_very_narrow_console_is_no_reason_to_fail() -> None:
    assert "28" in terminal(counted_run(), 12)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3599.6, "1 h 00 min"),
    ],
)
def test_durations_read_well(seconds: float, words: str) -> None:
    assert span(seconds) == words


# Files


@pytest.mark.parametrize("suffix", [".html", ".json", ".csv", ".HTML", ".pairs.csv"])
def test_a_report_is_written_in_the_form_its_suffix_names(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"report{suffix}"
    path.write_text("earlier", "utf-8")
    write(counted_run(HOSTILE), path)
    starts = {".html": b"<!doctype", ".json": b"{", ".csv": b"label,", ".pairs.csv": b"product_id,"}
    start = starts[suffix.lower()]
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_two_builds_of_the_same_rows_are_identical_bytes(tmp_path: Path) -> None:
    for suffix in ("html", "json", "csv", "pairs.csv"):
        for name in ("one", "two"):
            write(judged_run(HOSTILE[:2]), tmp_path / f"{name}.{suffix}")
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()


def test_an_unknown_suffix_is_refused_and_the_known_ones_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        write(counted_run(), tmp_path / "report.xlsx")
    assert ".html, .json, .csv, .pairs.csv" in str(caught.value.hint)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.write_text("a file"), Path.mkdir])
def test_a_file_that_cannot_be_written_is_an_output_error(tmp_path: Path, make: Any) -> None:
    """A missing folder, a file in its place, a folder where the report should go; nothing is left over."""
    place = tmp_path / "place.json"
    make(place)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError) as caught:
        write(counted_run(), place if place.is_dir() else place / "report.json")
    assert caught.value.hint
    assert sorted(tmp_path.rglob("*")) == before


# Size


def test_counting_is_quick_enough_for_large_runs() -> None:
    """50,000 findings in well under a second here; the limit leaves room for a busy machine."""
    conversations = [
        ConversationRow(f"c{n}", State.WRITTEN, None, "webchat", "Q", "en", MONDAY, 1) for n in range(10_000)
    ]
    findings = [
        EntityRow(
            f"c{n}", PRODUCT, f"i{k * n % 997}{k}", "N", Verdict.KEEP, 0.9, "evidence", 1, ("n",), (), True
        )
        for n in range(10_000)
        for k in range(5)
    ]
    started = time.perf_counter()
    report = build(RUN, conversations, findings)
    assert time.perf_counter() - started < 10
    assert report.labels[0].findings[Verdict.KEEP] == 50_000
