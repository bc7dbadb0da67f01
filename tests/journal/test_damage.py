"""Whatever happens to its files, a journal opens and is right, or says in words what is wrong and what to do."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from earmark.errors import BusyError, JournalError
from earmark.journal import Intention, Journal, NewRun
from earmark.model import (
    PRODUCT,
    Change,
    Decision,
    Entity,
    Findings,
    Listing,
    Mention,
    Outcome,
    Page,
    Record,
    Score,
    Sender,
    State,
    Verdict,
    Window,
)

CANARY = "canary words of a customer"
IDS = [f"conversation-{number:02}" for number in range(12)]
PAGE = 4096
Summary = dict[str, Any]


def work(journal: Journal, ids: list[str] = IDS) -> str:
    """A run that lists, intends and writes conversations, one transaction after the other."""
    run_id = journal.start(
        NewRun("genesys", "custom_attributes", "t", Window(), "f", {}, {"scorer": "evidence"})
    )
    for name in ids:
        journal.list_page(run_id, Page((Listing(name, revision="r"),)))
        mention = Mention(0, 0, 4, CANARY, PRODUCT, "model", Sender.CUSTOMER)
        entity = Entity(PRODUCT, "product:x", "x" * 300, Score(0.9, "evidence"), (mention,))
        change = Change(name, {}, {"products": ["x" * 300]}, Record(name, exists=False))
        decision = Decision(entity, Verdict.KEEP, "why")
        journal.intend(run_id, "t", [Intention(name, State.INTENDED, Findings((decision,)), change)])
        journal.settle(run_id, [Outcome(name, State.WRITTEN)])
    return run_id


def summary(journal: Journal) -> Summary:
    """Everything that is read of a journal."""
    return {
        run["id"]: (
            journal.facts(run["id"]),
            list(journal.conversations(run["id"])),
            list(journal.entities(run["id"])),
            list(journal.pairs(run["id"])),
            list(journal.applied(run["id"])),
            journal.counts(run["id"]),
            journal.for_review(run["id"]),
            journal.left_open(run["id"]),
            [journal.known("t", name) for name in IDS],
            [journal.history(name) for name in IDS],
        )
        for run in journal.runs()
    }


def told(error: JournalError | BusyError) -> None:
    """The error says what to do and quotes nothing."""
    assert error.hint
    assert "canary" not in f"{error} {error.hint}"
    assert "SELECT" not in str(error)
    assert "INSERT" not in str(error)


def outcome(path: Path, *, readonly: bool) -> Summary | None:
    """What the journal holds; None where it refuses in words. Anything else is an error of the test."""
    try:
        journal = Journal(path, readonly=readonly)
    except (JournalError, BusyError) as error:
        told(error)
        return None
    try:
        found = summary(journal)
        if not readonly:
            work(journal, ["one-more"])
    except (JournalError, BusyError) as error:
        told(error)
        return None
    else:
        return found
    finally:
        journal.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal that was closed: everything is in the one file."""
    path = tmp_path_factory.mktemp("whole") / "journal.db"
    journal = Journal(path)
    work(journal)
    journal.erase(IDS[:1])
    journal.close()
    return path


@pytest.fixture(scope="module")
def alive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal whose process died: the latest transactions are in its write-ahead log alone."""
    folder = tmp_path_factory.mktemp("alive")
    journal = Journal(folder / "origin.db")
    work(journal, IDS[:2])
    journal.close()
    journal = Journal(folder / "origin.db")
    work(journal, IDS)
    for end in ("", "-wal"):
        shutil.copy(f"{folder / 'origin.db'}{end}", f"{folder / 'journal.db'}{end}")
    journal.close()
    return folder / "journal.db"


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """Make a copy of a journal to be spoilt, over the one before."""

    def copy(journal: Path) -> Path:
        for end in ("", "-wal", "-shm"):
            Path(f"{tmp_path / 'copy.db'}{end}").unlink(missing_ok=True)
        for end in ("", "-wal"):
            if Path(f"{journal}{end}").exists():
                shutil.copy(f"{journal}{end}", f"{tmp_path / 'copy.db'}{end}")
        return tmp_path / "copy.db"

    return copy


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 0xFF]))


def structure(path: Path) -> list[int]:
    """Where the head of each page and its first cell pointers lie: a flip there is one of structure, not of a value."""
    heads = [0, 16, 18, 28, 44, 56, 60, 68, 96, *range(100, 108)]
    for page in range(1, path.stat().st_size // PAGE):
        heads += [page * PAGE + offset for offset in (0, 3, 5, 8, 9)]
    return heads


@pytest.mark.parametrize("readonly", [True, False])
def test_a_flipped_byte_of_structure_is_refused_or_changes_nothing(
    whole: Path, copied: Callable[[Path], Path], readonly: bool
) -> None:
    """In the file's header and the head of every page: tables, indexes, what hangs over."""
    expected = outcome(copied(whole), readonly=True)
    assert expected
    refused = 0
    for at in structure(whole):
        path = copied(whole)
        flip(path, at)
        found = outcome(path, readonly=readonly)
        refused += found is None
        if not readonly:
            assert found in (None, expected), f"byte {at} was taken for something else"
    assert refused > len(structure(whole)) // 4


def test_a_flipped_byte_anywhere_never_ends_in_an_error_of_another_kind(
    whole: Path, copied: Callable[[Path], Path]
) -> None:
    """Also within values, which no database checks: what no longer parses is named, and not quoted."""
    for at in range(211, whole.stat().st_size, 2003):
        path = copied(whole)
        flip(path, at)
        outcome(path, readonly=False)


def test_a_file_that_was_cut_off_is_refused_or_whole(whole: Path, copied: Callable[[Path], Path]) -> None:
    expected = outcome(copied(whole), readonly=True)
    size = whole.stat().st_size
    for length in [1, 15, 16, 99, 100, 101, PAGE - 1, *range(PAGE, size, 3 * PAGE + 517), size - 1]:
        for readonly in (True, False):
            path = copied(whole)
            with path.open("r+b") as file:
                file.truncate(length)
            found = outcome(path, readonly=readonly)
            assert found in (None, expected), f"{length} of {size} bytes"
            if not readonly:
                assert found is None


def test_an_emptied_file_is_not_taken_for_a_new_one_while_its_log_is_there(
    alive: Path, copied: Callable[[Path], Path]
) -> None:
    """SQLite would throw the log away, and with it the latest transactions."""
    for readonly in (True, False):
        path = copied(alive)
        path.write_bytes(b"")
        assert outcome(path, readonly=readonly) is None
        assert Path(f"{path}-wal").read_bytes() == Path(f"{alive}-wal").read_bytes()


def prefix(found: Summary, of: Summary) -> bool:
    """Whether what is there are the first transactions: no conversation beyond one that is missing."""
    *later, earlier = of  # newest first
    assert found[earlier][:7] == of[earlier][:7], "what the file itself holds; the rest is about all runs"
    seen = [row.id for run in later if run in found for row in found[run][1]]
    return seen == IDS[: len(seen)]


def test_a_log_that_was_cut_off_gives_the_first_of_its_transactions(
    alive: Path, copied: Callable[[Path], Path]
) -> None:
    """As after a power cut: at any byte, what was on disk before stays, and nothing is there by half."""
    expected = outcome(copied(alive), readonly=True)
    assert expected
    log = Path(f"{alive}-wal")
    before: int = 0
    for length in [
        0,
        1,
        31,
        32,
        33,
        56,
        *range(PAGE, log.stat().st_size, 9 * PAGE + 731),
        log.stat().st_size,
    ]:
        path = copied(alive)
        with Path(f"{path}-wal").open("r+b") as file:
            file.truncate(length)
        found = outcome(path, readonly=False)
        assert found is not None
        assert prefix(found, expected)
        count = sum(len(run[1]) for run in found.values())
        assert count >= before, "a longer log never gives less"
        before = count
    assert found == expected


def test_a_log_with_a_flipped_byte_gives_the_transactions_before_it(
    alive: Path, copied: Callable[[Path], Path]
) -> None:
    expected = outcome(copied(alive), readonly=True)
    assert expected
    log = Path(f"{alive}-wal")
    for at in [0, 4, 8, 16, 24, 31, 32, 40, 48, *range(PAGE, log.stat().st_size, 11 * PAGE + 929)]:
        path = copied(alive)
        flip(Path(f"{path}-wal"), at)
        found = outcome(path, readonly=False)
        assert found is not None, f"byte {at}"
        assert prefix(found, expected), f"byte {at}"


def test_the_log_of_another_journal_does_no_harm_to_the_file(
    whole: Path, alive: Path, copied: Callable[[Path], Path]
) -> None:
    """A file that was copied over another's, without its log: refused, and as it was once the log is put away."""
    expected = outcome(copied(whole), readonly=True)
    for readonly in (True, False):
        path = copied(whole)
        shutil.copy(f"{alive}-wal", f"{path}-wal")
        assert outcome(path, readonly=readonly) is None
        assert path.read_bytes() == whole.read_bytes()
        Path(f"{path}-wal").unlink()
        Path(f"{path}-shm").unlink(missing_ok=True)
        assert outcome(path, readonly=True) == expected


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("UPDATE items SET state = ?", CANARY),
        ("UPDATE items SET participants = ?", f'["{CANARY}'),
        ("UPDATE items SET participants = ?", f'["{CANARY}"]'),
        ("UPDATE items SET started_at = ?", CANARY),
        ("UPDATE items SET queue = CAST(? AS TEXT)", CANARY.encode() + b"\xff\xfe"),
        ("UPDATE entities SET forms = ?", CANARY),
        ("UPDATE entities SET verdict = ?", CANARY),
        ("UPDATE entities SET mentions = ?", "[[0]]"),
        ("UPDATE changes SET before = ?", CANARY),
        ("UPDATE runs SET usage = ?", f'{{"{CANARY}": 1}}'),
        ("UPDATE runs SET started_at = ?", 1e300),
        ("UPDATE keys SET value = ?", CANARY),
    ],
)
def test_values_that_do_not_fit_are_named_and_not_quoted(
    whole: Path, copied: Callable[[Path], Path], statement: str, value: object
) -> None:
    path = copied(whole)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, (value,))
    assert outcome(path, readonly=False) is None


@pytest.mark.parametrize("table", ["runs", "items", "entities", "pairs", "changes", "erasures", "keys"])
def test_a_table_that_is_missing_is_named(whole: Path, copied: Callable[[Path], Path], table: str) -> None:
    path = copied(whole)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"DROP TABLE {table}")
    assert outcome(path, readonly=False) is None


@pytest.mark.parametrize(
    "spoilt",
    [
        Listing("half a character \ud83d " + CANARY),
        Listing("a", revision=f"{CANARY} \ud83d"),
        Listing("a", sessions=(f"{CANARY}", b"no text")),  # type: ignore[arg-type]
        Listing(CANARY, channel=object()),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_stored_is_refused_whole_and_not_quoted(tmp_path: Path, spoilt: Listing) -> None:
    journal = Journal(tmp_path / "journal.db")
    run_id = work(journal, IDS[:1])
    with pytest.raises((JournalError, AttributeError)) as caught:
        journal.list_page(run_id, Page((Listing("before"), spoilt)))
    assert CANARY not in str(caught.value)
    assert journal.size(run_id) == 1, "nothing of the page is there"
    journal.close()
