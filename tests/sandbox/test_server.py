"""The server: many clients at once, bad HTTP, an orderly end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from earmark.sandbox import Sandbox
from earmark.sandbox.routes import ROUTES, Route
from earmark.sandbox.schemas import DRAFT

ME = "/api/v2/tokens/me"
TAG = {"allOf": [{"$ref": "#/definitions/tag"}]}
TEXT = {"allOf": [{"$ref": "#/definitions/text"}]}
ENUM = {"allOf": [{"$ref": "#/definitions/enum"}]}
IDS = [f"0c2f0d5e-6a6b-4f0e-9d57-{n:012x}" for n in range(16)]


def test_sixteen_threads_at_once_are_served_correctly(start: Callable[..., Any]) -> None:
    """Nobody's answer or write gets mixed up with or lost to another's."""
    sandbox, client = start(*({"id": identity, "channel": "message", "text": identity} for identity in IDS))
    header = {"Authorization": client.headers["Authorization"]}

    def work(identity: str) -> None:
        with httpx.Client(base_url=sandbox.url, headers=header, verify=False) as own:
            for number in range(25):
                [recording] = own.get(f"/api/v2/conversations/{identity}/recordings").json()
                assert recording["messagingTranscript"][0]["messageText"] == identity
                path = f"/api/v2/interactions/{identity}/customAttributes"
                own.patch(path, json={"custom_attributes": {"n": number}}).raise_for_status()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, IDS))
    assert sandbox.snapshot()["interactions"] == {identity: {"n": 24} for identity in IDS}
    assert len(sandbox.state.writes) == 16 * 25
    assert sandbox.stats()["requests"]["recordings"] == 16 * 25


def test_of_writers_with_the_same_version_one_wins(start: Callable[..., Any]) -> None:
    """Each version is written once, however closely the writers follow each other."""

    def hesitating_clock() -> float:
        """Let the other threads run between a handler's check and its write."""
        time.sleep(0.0001)
        return time.time()

    sandbox, client = start({"id": IDS[0], "text": "a"}, clock=hesitating_clock)
    schemas = client.get("/api/v2/conversations/customattributes/schemas").json()["entities"]
    body = {"id": "r", "schemaId": schemas[-1]["id"], "customAttributes": {}}
    path = f"/api/v2/conversations/{IDS[0]}/customattributes"
    client.put(path, json=body)
    header = {"Authorization": client.headers["Authorization"]}

    def work(_: int) -> int:
        with httpx.Client(base_url=sandbox.url, headers=header, verify=False) as own:
            return sum(
                own.put(path, json=body | {"version": version}).status_code == 200 for version in range(1, 20)
            )

    with ThreadPoolExecutor(8) as pool:
        wins = sum(pool.map(work, range(8)))
    assert [write.version for write in sandbox.state.writes] == list(range(1, wins + 2))
    assert client.get(f"{path}/r").json()["version"] == wins + 1


def test_a_connection_serves_many_requests(start: Callable[..., Any]) -> None:
    sandbox, client = start({"id": "a", "text": "b"})
    for _ in range(5):
        assert client.get(ME).status_code == 200
    assert len(sandbox._server.connections) == 1


def raw(sandbox: Sandbox, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65_536):
            received += piece
        return received


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"GET / SMTP/1.0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_readable_http_gets_400_and_the_door(start: Callable[..., Any], data: bytes) -> None:
    sandbox, client = start({"id": "a", "text": "b"})
    answer = raw(sandbox, data)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"Connection: close" in answer
    assert client.get(ME).status_code == 200


JUNK: list[Any] = [
    0,
    [],
    [[]],
    ["x"],
    {},
    {"interval": [], "paging": {"pageSize": []}},
    {
        "interval": "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z",
        "order": [],
        "orderBy": {},
        "segmentFilters": [1],
    },
    {"interval": "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z", "segmentFilters": [{"predicates": [[]]}]},
    {"batchDownloadRequestList": [{"conversationId": 1, "recordingId": []}]},
    {"id": {}, "schemaId": [], "version": "x", "divisions": {}, "customAttributes": {"x": {}}},
    [{"id": {}, "schemaId": [], "customAttributes": 1}],
    {"query": [{"type": [], "fields": [[]], "values": 1}], "pageSize": "x", "sortBy": []},
    {"query": [{"type": "EXACT", "fields": [[]], "values": 1, "operator": {}}], "sortOrder": 1},
    {"query": [{"group": 1}]},
    {"$schema": [], "title": [], "properties": {"a_text": 1}, "jsonSchema": 1, "version": 1},
    {
        "$schema": DRAFT,
        "title": "x",
        "properties": {"a_tag": TAG | {"items": 1}, "b_text": TEXT | {"maxLength": "x"}},
    },
    {"$schema": DRAFT, "title": "x", "properties": {"a_enum": ENUM | {"enum": 1}}, "required": 1},
    {"attributes": [], "custom_attributes": 1},
]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.name}")
def test_no_nonsense_brings_a_route_down(start: Callable[..., Any], route: Route) -> None:
    """Whatever is asked, a complete answer comes, and it is no server error."""
    sandbox, client = start({"id": IDS[0], "channel": "message", "text": "b"})
    schema = next(iter(sandbox.state.schemas.versions))
    known = {"{conversation}": IDS[0], "{schema}": schema}
    path = route.path
    for name, value in known.items():
        path = path.replace(name, value)
    for junk in JUNK:
        answer = client.request(route.method, path, json=junk)
        assert answer.status_code < 500
    for query in (
        "id=,,&pageSize=x&limit=²&pageNumber=-1",
        "cursor=%00",
        "X-Amz-Signature=x&issued=x",
        "type=%ff",
    ):
        assert client.request(route.method, f"{path}?{query}", json={}).status_code < 500


def test_it_listens_on_this_machine_only(start: Callable[..., Any]) -> None:
    sandbox, _ = start({"id": "a", "text": "b"})
    assert sandbox._server.server_address[0] == "127.0.0.1"


def test_stopping_frees_the_port_and_starting_again_goes_on(start: Callable[..., Any]) -> None:
    sandbox, client = start({"id": "a", "text": "b"})
    url = sandbox.url
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(httpx.TransportError):
        client.get(ME)
    sandbox.start()
    assert sandbox.url == url
    assert client.get(ME).status_code == 200


def test_a_port_can_be_chosen_and_a_taken_one_is_an_error(start: Callable[..., Any]) -> None:
    sandbox, _ = start({"id": "a", "text": "b"})
    with pytest.raises(OSError, match="in use"):
        Sandbox([], port=sandbox.port).start()


SIGNAL_ITSELF = """
import os, signal, threading, time
from earmark.sandbox import Sandbox, serve_forever

def interrupt(default=signal.getsignal({number})):
    while signal.getsignal({number}) is default:
        time.sleep(0.01)
    os.kill(os.getpid(), {number})

threading.Thread(target=interrupt).start()
serve_forever(Sandbox([]))
"""


def python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_forever_ends_on_a_signal_and_prints_nothing(number: signal.Signals) -> None:
    done = python(SIGNAL_ITSELF.format(number=int(number)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_the_sandbox_imports_nothing_else_of_ours_and_nothing_heavy() -> None:
    done = python("import sys, earmark.sandbox; print(*sys.modules)")
    loaded = done.stdout.split()
    assert all(name.startswith("earmark.sandbox") for name in loaded if name.startswith("earmark."))
    assert not {"PureCloudPlatformClientV2", "spacy", "httpx"} & set(loaded)


def test_a_wrong_option_is_refused() -> None:
    with pytest.raises(ValueError, match="interactions_patch"):
        Sandbox([], interactions_patch="append")
