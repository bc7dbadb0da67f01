"""Real answers with one member dropped, nulled or of another type: an error of ours, or nothing is lost.

The sandbox answers once; its answers are then served again, each time with one thing wrong.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from earmark.errors import ComeBackLaterError, ConfigError, ConversationError, EarmarkError
from earmark.genesys import region, schema, sdk, texts
from earmark.genesys.doctor import checks
from earmark.genesys.listing import ConversationListing, QueueNames
from earmark.genesys.pacing import Gate
from earmark.genesys.schema import DEFAULT_KEYS
from earmark.genesys.session import Credentials, Session
from earmark.genesys.token import Token
from earmark.genesys.transport import Answer, HttpxClient, Transport
from earmark.model import Gone, Listing, NotReady, Page, Ready, Unreadable, Window
from earmark.sandbox import Sandbox

Path = tuple[str | int, ...]

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SAID = {"my hub is dead", "which one", "the X200"}
KEPT, OTHER = "3f0c6d3e-0000-4000-8000-000000000001", "3f0c6d3e-0000-4000-8000-000000000002"
LISTING = Listing(KEPT, "webmessaging", NOW - timedelta(hours=2), NOW - timedelta(hours=1))
DROP = object()


def seed(name: str) -> dict[str, Any]:
    words = zip(("customer", "agent", "customer"), sorted(SAID), strict=True)
    return {
        "id": name,
        "channel": "message",
        "queue": "Billing",
        "started_at": (NOW - timedelta(days=1)).isoformat(),
        "messages": [{"sender": who, "text": what} for who, what in words],
    }


def listed(mode: str, session: Session) -> list[Page]:
    window = Window(NOW - timedelta(days=2), NOW - timedelta(hours=1))
    return list(ConversationListing(session, mode, lambda: NOW).pages(window, None))


FLOWS: dict[str, Callable[[Session], Any]] = {
    "recordings": lambda session: list(texts.by_recordings(session, [LISTING], 1)),
    "messages": lambda session: list(texts.by_messages(session, [LISTING], 1)),
    "transcripts": lambda session: list(texts.by_transcripts(session, [LISTING], 1)),
    "batch": lambda session: list(texts.by_batches(session, [LISTING], 1)),
    "query": lambda session: listed("query", session),
    "job": lambda session: listed("job", session),
    "queues": lambda session: QueueNames(session).of("q"),
    "schema": lambda session: schema.fields(schema.find(session, "Earmark"), DEFAULT_KEYS),
    "set-up": lambda session: schema.setup_schema(session, "Another", DEFAULT_KEYS),
    "doctor": lambda session: list(checks(session)),
}
TEXT_FLOWS = ("recordings", "messages", "transcripts", "batch")
Answers = dict[tuple[str, str], Any]


def key(method: str, url: str, query: Any = None) -> tuple[str, str]:
    parts = urlsplit(url)
    return method, parts.path + repr(sorted([*parse_qsl(parts.query), *dict(query or {}).items()]))


class Recorder(Transport):
    """Remembers the good answers; where a request is repeated, the longest."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: Answers = {}

    def exchange(self, method: str, url: str, **options: Any) -> Answer:
        answer = super().exchange(method, url, **options)
        name = key(method, url, options.get("query"))
        if "/oauth/" not in url and len(answer.data) >= len(json.dumps(self.answers.get(name, [0, ""])[1])):
            self.answers[name] = answer.status, answer.body
        return answer


def recorded(flow: Callable[[Session], Any]) -> tuple[Answers, str]:
    """What the sandbox answers during a flow, and the origin that its addresses name."""
    seeds = [seed(KEPT), seed(OTHER)]
    with Sandbox(seeds, today=date(2026, 3, 2), rate_limit=1_000_000, clock=NOW.timestamp) as sandbox:
        credentials = Credentials(sandbox.url, sandbox.client_id, sandbox.client_secret)
        transport, hosts = Recorder(), region.hosts(sandbox.url)
        token = Token(transport, hosts.login, credentials)
        client = sdk.api_client(hosts.api, HttpxClient(transport.exchange))
        with Session(client, transport, token, Gate(allowed=1_000_000), hosts, retry_pause=0.0) as session:
            flow(session)
        return transport.answers, sandbox.url


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every member, and the first of every list."""
    inside = value.items() if isinstance(value, dict) else enumerate(value[:1]) if value else ()
    for name, child in inside:
        yield (*path, name)
        if isinstance(child, dict | list):
            yield from places(child, (*path, name))


def others(value: Any) -> list[Any]:
    """Values of two other types."""
    values: list[Any] = [12, "x", [], {}]
    return [each for each in values if type(each) is not type(value)][:2]


def at(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name]
    return value


def changed(value: Any, path: Path, new: Any) -> Any:
    value = copy.deepcopy(value)
    holder = at(value, path[:-1])
    if new is DROP:
        del holder[path[-1]]
    else:
        holder[path[-1]] = new
    return value


def mutations(answers: Answers) -> Iterator[tuple[Answers, Path, Any]]:
    """Every one-member mutation of every answer of a flow."""
    for name, (status, body) in answers.items():
        for path in places(body) if isinstance(body, dict | list) else ():
            gone = () if isinstance(path[-1], int) else (DROP,)  # a shorter list is a right answer, too
            for new in (*gone, None, *others(at(body, path))):
                yield answers | {name: (status, changed(body, path, new))}, path, new


class Replay:
    """Serves recorded answers; a path nobody recorded does not exist."""

    def __init__(self, script: Any, say: Callable[..., bytes], origin: str) -> None:
        self.script, self.say, self.origin = script, say, origin
        self.answers: Answers = {}
        self.login, script.next = script.next, self.next

    def next(self, request: Any) -> Any:
        if request.target == "/oauth/token":
            return self.login(request)
        found = self.answers.get(key(request.method, request.target))
        if found is None:
            return self.say(404, {"code": "not.found"})
        status, body = found
        if body is None:
            return self.say(status)
        return self.say(status, raw=json.dumps(body).replace(self.origin, self.script.url).encode())


@pytest.fixture
def replay(script: Any, say: Callable[..., bytes], connect: Any) -> Callable[[str], Iterator[Any]]:
    def run(name: str) -> Iterator[tuple[Path, Any, Any]]:
        """Run a flow over each mutation: the place, the new value, the result or the error."""
        answers, origin = recorded(FLOWS[name])
        assert answers
        served = Replay(script, say, origin)
        session = connect(retry_pause=0.0)
        for served.answers, path, new in mutations(answers):
            session._failed_in_a_row = 0
            try:
                result = FLOWS[name](session)
            except EarmarkError as error:
                result = error
            yield path, new, result

    return run


@pytest.mark.parametrize("name", TEXT_FLOWS)
def test_a_mutated_answer_never_loses_what_somebody_said(
    replay: Callable[[str], Iterator[Any]], name: str
) -> None:
    """All of the text, or a reason why not: an empty or shortened conversation is never concluded.

    A message may come without words (an attachment): dropping or nulling just those leaves the other two.
    """
    runs = ready = 0
    for path, new, result in replay(name):
        runs += 1
        if isinstance(result, EarmarkError):
            assert isinstance(result, ConfigError | ComeBackLaterError), (path, new, result)
            continue
        (fetched,) = result
        assert isinstance(fetched, Ready | NotReady | Gone | Unreadable)
        if isinstance(fetched, Ready):
            ready += 1
            found = {message.text for message in fetched.conversation.messages}
            wordless = path[-1] in {"messageText", "text", "body"} and new in (DROP, None)
            assert found == SAID or (wordless and len(found & SAID) == 2), (path, new, found)
    assert runs > 50
    assert 0 < ready < runs


@pytest.mark.parametrize("name", ["query", "job"])
def test_a_mutated_listing_never_loses_a_conversation(
    replay: Callable[[str], Iterator[Any]], name: str
) -> None:
    """Listed, rejected by name or an error. Only a conversation without an end is passed over: it goes on.

    A page of a job that has no conversations has no such member, so dropping it there cannot be told.
    """
    whole = 0
    for path, new, result in replay(name):
        if isinstance(result, EarmarkError):
            assert isinstance(result, ConfigError | ComeBackLaterError), (path, new, result)
            continue
        ids = {each.id for page in result for each in page.listings}
        rejected = any(page.rejected for page in result)
        goes_on = path[-1] == "conversationEnd" and new in (DROP, None)
        left_out = path[0] == "conversations" and len(path) <= 2 and new in (DROP, [])
        if name == "job":
            left_out = left_out or (path == ("conversations",) and new is None)
        whole += len(ids) == 2
        assert len(ids) + rejected == 2 or goes_on or left_out, (path, new, ids, rejected)
    assert whole > 50


@pytest.mark.parametrize("name", ["queues", "schema", "set-up", "doctor"])
def test_nothing_but_an_error_of_ours_comes_out_of_a_mutated_set_up(
    replay: Callable[[str], Iterator[Any]], name: str
) -> None:
    """The doctor answers with lines, never with an error; a schema without an id is never used."""
    for path, new, result in replay(name):
        assert name != "doctor" or isinstance(result, list), (path, new, result)
        assert name != "set-up" or isinstance(result, EarmarkError) or result, (path, new)
        assert not isinstance(result, ConversationError) or name == "set-up", (path, new, result)
