"""The audit fails for what is known, says so where nothing can be known, and never takes silence for an all-clear."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from requirements import audit
from requirements.audit import Audit, Finding, Ignored, verdict

Answer = Callable[[str], tuple[int, bytes] | None]
TODAY = date(2026, 6, 1)
HOLE = Ignored("GHSA-0000-test-0001", "not reached", TODAY)


@contextmanager
def advisories(answer: Answer) -> Iterator[str]:
    """An OSV service on loopback: `answer` takes a package's name; None leaves the question unanswered."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told = answer(asked["package"]["name"])
            if told is None:
                over.wait(20)
                return
            self.send_response(told[0])
            self.send_header("Content-Length", str(len(told[1])))
            self.end_headers()
            self.wfile.write(told[1])

        def log_message(self, *_: object) -> None:
            """Keep the output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def advice(name: str) -> bytes:
    events = [{"introduced": "0"}, {"fixed": "9.9"}]
    package = {"name": name, "ecosystem": "PyPI"}
    affected = [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]
    return json.dumps({"vulns": [{"id": HOLE.id, "summary": "a hole", "affected": affected}]}).encode()


def nothing(_name: str) -> tuple[int, bytes]:
    return 200, b"{}"


def one_hole(name: str) -> tuple[int, bytes]:
    return 200, advice(name) if name == "beta" else b"{}"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    names = ("alpha", "beta", "gamma")
    text = "".join(f"{name}==1.0 \\\n    --hash=sha256:{'0' * 64}\n" for name in names)
    (tmp_path / "lock.txt").write_text(text, encoding="utf-8")
    return tmp_path / "lock.txt"


def audited(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lock: Path, url: str, known: str = ""
) -> tuple[int, str]:
    (lock.parent / "ignored.toml").write_text(known, encoding="utf-8")
    arguments = [
        "audit",
        "--lock",
        str(lock),
        "--ignored",
        str(lock.parent / "ignored.toml"),
        "--service",
        url,
    ]
    monkeypatch.setattr("sys.argv", arguments)
    return audit.main(), capsys.readouterr().out


def entry(expires: date) -> str:
    return f'[[ignored]]\nid = "{HOLE.id}"\nreason = "not reached"\nexpires = {expires}\n'


def test_a_known_vulnerability_fails_and_names_package_version_and_remedy(
    lock: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with advisories(one_hole) as url:
        status, said = audited(monkeypatch, capsys, lock, url)
    assert status == 1
    assert f"beta 1.0: {HOLE.id}, fixed in 9.9" in said
    assert "audited 3 packages: 1 known vulnerabilities" in said


def test_a_lock_without_known_vulnerabilities_passes(
    lock: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with advisories(nothing) as url:
        assert audited(monkeypatch, capsys, lock, url) == (
            0,
            "audited 3 packages: 0 known vulnerabilities, 0 ignored\n",
        )


@pytest.mark.parametrize(("days", "status"), [(1, 0), (-2, 1)])
def test_an_ignored_vulnerability_passes_until_its_day(
    days: int, status: int, lock: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expires = datetime.now(UTC).date() + timedelta(days=days)
    with advisories(one_hole) as url:
        found, said = audited(monkeypatch, capsys, lock, url, entry(expires))
    assert found == status
    assert ("look again" in said) == bool(status)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda _: (500, b"{}"), id="keeps failing"),
        pytest.param(lambda _: (404, b"no such page"), id="is not there"),
        pytest.param(lambda _: (200, b"<html>please log in</html>"), id="is a login page"),
        pytest.param(lambda _: None, id="does not answer"),
    ],
)
def test_without_an_answer_there_is_a_notice_and_no_failure(
    answer: Answer, lock: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "ANSWER", 1)
    with advisories(answer) as url:
        status, said = audited(monkeypatch, capsys, lock, url)
    assert (status, said.split(":")[0]) == (0, "NOT AUDITED")
    assert "0 known" not in said


def test_without_a_service_there_is_a_notice_and_no_failure(
    lock: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = audited(monkeypatch, capsys, lock, "http://127.0.0.1:9/v1/query")
    assert (status, said.split(":")[0]) == (0, "NOT AUDITED")


def test_a_service_that_is_slow_throughout_is_given_up(
    lock: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "PATIENCE", 1)
    with advisories(lambda _: None) as url:
        status, said = audited(monkeypatch, capsys, lock, url)
    assert (status, said.split(":")[0]) == (0, "NOT AUDITED")


@pytest.mark.parametrize("text", ["beta\n", "beta==1.0\n"])
def test_a_lock_that_cannot_be_audited_is_a_failure(
    text: str, lock: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a broken audit would pass for a silent service for ever."""
    lock.write_text(text, encoding="utf-8")
    with advisories(nothing) as url, pytest.raises(SystemExit, match="cannot begin"):
        audited(monkeypatch, capsys, lock, url)


FOUND = (Finding("beta", "1.0", HOLE.id, ()),)


@pytest.mark.parametrize(
    ("found", "known", "status", "last"),
    [
        (Audit(3, (), ()), [], 0, "audited 3 packages: 0 known vulnerabilities, 0 ignored"),
        (Audit(3, (), FOUND), [], 1, "audited 3 packages: 1 known vulnerabilities, 0 ignored"),
        (Audit(3, ("alpha",), FOUND), [], 1, "audited 2 packages: 1 known vulnerabilities, 0 ignored"),
        (Audit(3, ("alpha",), ()), [HOLE], 0, "audited 2 packages: 0 known vulnerabilities, 1 ignored"),
        (Audit(1, ("alpha",), ()), [], 0, "NOT AUDITED"),
        (None, [], 0, "NOT AUDITED"),
        (None, [Ignored("X", "because", TODAY - timedelta(days=1))], 1, "NOT AUDITED"),
    ],
)
def test_the_verdict(found: Audit | None, known: list[Ignored], status: int, last: str) -> None:
    """Packages that the service does not know are named as such; an all-clear speaks of the others alone."""
    told, said = verdict(found, known, TODAY)
    assert told == status
    assert said[-1].startswith(last)
    if found and status == 1:
        assert str(FOUND[0]) in said
    if found and len(found.skipped) < found.asked:
        assert {f"NOT AUDITED: {name}" for name in found.skipped} <= set(said)


@pytest.mark.parametrize(
    "text",
    [
        '[[ignored]]\nid = "X"\nexpires = 2027-01-01\n',
        '[[ignored]]\nid = "X"\nreason = " "\nexpires = 2027-01-01\n',
        '[[ignored]]\nid = "X"\nreason = "because"\n',
        '[[ignored]]\nid = "X"\nreason = "because"\nexpires = "never"\n',
        '[[ignored]]\nreason = "because"\nexpires = 2027-01-01\n',
    ],
)
def test_what_is_ignored_needs_an_id_a_reason_and_a_day(text: str, tmp_path: Path) -> None:
    (tmp_path / "ignored.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="needs an id, a reason and a date"):
        audit.ignored(tmp_path / "ignored.toml")


def test_the_list_of_this_project_can_be_read() -> None:
    assert all(each.reason for each in audit.ignored(audit.IGNORED))
