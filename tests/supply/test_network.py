"""Earmark speaks with the service that it is told, and with nobody else: no reports home, no look for updates."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import environment, pointed_at

from earmark.sandbox import Sandbox

GUARD = Path(__file__).parent / "guarded.py"
LOG = "refused.log"
SPANS = [
    {"start": 3, "end": 8, "label": "PRODUCT", "kind": "named"},
    {"start": 9, "end": 23, "label": "ISSUE"},
]
MESSAGE = {"sender": "customer", "text": "my Slack keeps crashing", "spans": SPANS}
GOLD = {"id": "g1", "source": "shop", "messages": [MESSAGE]}
CHAT = {"id": "c1", "messages": [{"sender": "customer", "text": "my Slack keeps crashing, please help"}]}
CATALOG = "id,name,label,aliases\nprd-slack,Slack,PRODUCT,\n"
Guarded = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(json.dumps(GOLD) + "\n")
    (tmp_path / "chats.jsonl").write_text(json.dumps(CHAT) + "\n")
    (tmp_path / "catalog.csv").write_text(CATALOG)


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    """Run `earmark` with nothing in reach but `sandbox`; what it refused is in `LOG`."""

    def run(commands: str, sandbox: Sandbox | None = None) -> subprocess.CompletedProcess[str]:
        port = sandbox.url.rpartition(":")[2] if sandbox else "0"
        command = [sys.executable, str(GUARD), LOG, port, commands]
        return done(command, tmp_path, sandbox)

    return run


def done(command: list[str], folder: Path, sandbox: Sandbox | None) -> subprocess.CompletedProcess[str]:
    env = environment(folder, pointed_at(sandbox) if sandbox else None)
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )


FILES = "run --source files:chats.jsonl --writer files:out.jsonl --catalog catalog.csv --report report.html"


def test_the_whole_job_reaches_the_configured_service_and_nothing_else(
    guarded: Guarded, sandbox: Sandbox, tmp_path: Path
) -> None:
    run = "run --source genesys --since 9w --limit 6 --catalog catalog.csv --report report.html"
    first = guarded(f"setup-schema then {run} then report --output again.json", sandbox=sandbox)
    assert re.search(r"\d written", first.stderr), first.stderr
    assert json.loads((tmp_path / "again.json").read_text())["total_interactions_processed"] > 0
    written = {write.conversation for write in sandbox.state.writes}
    then = f"show {min(written)} then undo then evaluate gold.jsonl --catalog catalog.csv"
    second = guarded(then, sandbox=sandbox)
    assert second.returncode == 0, second.stderr
    assert "undone" in second.stdout + second.stderr
    assert (tmp_path / LOG).read_text() == ""


def test_what_needs_no_service_needs_no_network(guarded: Guarded, tmp_path: Path) -> None:
    look = "catalog check catalog.csv then extract chats.jsonl --catalog catalog.csv"
    finished = guarded(f"{look} then {FILES} then report then show c1 then undo then evaluate gold.jsonl")
    assert finished.returncode == 0, finished.stderr
    assert "Slack" in finished.stdout
    assert (tmp_path / LOG).read_text() == ""


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("socket.create_connection(('127.0.0.1', 9))", "socket.getaddrinfo"),
        ("socket.socket().connect(('127.0.0.1', 9))", "socket.connect"),
        ("socket.socket().connect_ex(('192.0.2.1', PORT))", "socket.connect"),
        ("socket.getaddrinfo('example.invalid', 443)", "socket.getaddrinfo"),
        ("socket.gethostbyname('example.invalid')", "socket.gethostbyname"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))", "socket.sendto"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('127.0.0.1', 9))", "socket.sendmsg"),
        ("socket.socket().bind(('0.0.0.0', 0))", "socket.bind"),
        ("urllib.request.urlopen('http://127.0.0.1:9/')", "socket.getaddrinfo"),
        ("httpx.get('http://127.0.0.1:9/')", "socket.getaddrinfo"),
        ("requests.get('http://example.invalid/')", "socket.getaddrinfo"),
        ("subprocess.run(['true'])", "subprocess.Popen"),
        ("os.system('true')", "os.system"),
    ],
)
def test_the_guard_sees_and_refuses(code: str, event: str, tmp_path: Path) -> None:
    """Caught or not, what was tried is on record."""
    script = f"""
import os, pathlib, socket, subprocess, sys, urllib.request, httpx, requests
sys.path.insert(0, {str(GUARD.parent)!r})
from guarded import guard
PORT = 4711
guard(pathlib.Path({LOG!r}), PORT)
try:
    {code}
except BaseException:
    pass
"""
    assert done([sys.executable, "-c", script], tmp_path, None).returncode == 0
    assert event in (tmp_path / LOG).read_text()


STRACE = ("strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", "calls.log")
ADDRESS = re.compile(r"sin6?_port=htons\((\d+)\).*?\"([^\"]+)\"")


def can_trace() -> bool:
    return (
        bool(shutil.which("strace"))
        and not subprocess.run(
            [*STRACE[:-2], "-o", "/dev/null", "true"], capture_output=True, check=False
        ).returncode
    )


@pytest.mark.skipif(not can_trace(), reason="strace is not there, or not allowed")
def test_compiled_parts_reach_nobody_at_all(tmp_path: Path) -> None:
    """An audit hook sees Python only; the kernel sees the runtimes of model, Arrow and RE2 too."""
    finished = done([*STRACE, sys.executable, "-m", "earmark", *FILES.split()], tmp_path, None)
    assert finished.returncode == 0, finished.stderr
    assert (tmp_path / "out.jsonl").read_text()
    assert ADDRESS.findall((tmp_path / "calls.log").read_text()) == []


@pytest.mark.skipif(not can_trace(), reason="strace is not there, or not allowed")
@pytest.mark.parametrize(
    ("family", "address"), [("AF_INET", "('127.0.0.1', 9)"), ("AF_INET6", "('::1', 9, 0, 0)")]
)
def test_the_trace_shows_addresses(family: str, address: str, tmp_path: Path) -> None:
    code = f"import socket; socket.socket(socket.{family}).connect_ex({address})"
    done([*STRACE, sys.executable, "-c", code], tmp_path, None)
    assert [port for port, _ in ADDRESS.findall((tmp_path / "calls.log").read_text())] == ["9"]
