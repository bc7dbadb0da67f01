"""The sandbox itself: start it, point a client at its `url`, look at its `state`, stop it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, date, datetime
from types import FrameType, TracebackType
from typing import Any, ClassVar

from earmark.sandbox.app import App
from earmark.sandbox.chats import conversation_id, named
from earmark.sandbox.faults import FaultPlan
from earmark.sandbox.gate import Gate
from earmark.sandbox.seed import default_conversations, to_chat
from earmark.sandbox.state import Asked, Options, State
from earmark.sandbox.wire import Server


@dataclass(eq=False)
class Sandbox:
    """A Genesys Cloud organisation on 127.0.0.1, as a context manager or with `start` and `stop`.

    Args:
        conversations: Seeds, see `load_conversations`; None for the demo's.
        faults: What goes wrong.
        rate_limit: Requests that are allowed a minute.
        port: 0 for any free one; after the first start the one that was given.
        today: The day after the last conversation; the clock's UTC date by default.
        token_seconds: How long a token lives.
        clock: Epoch seconds.
        schema: Whether the schema "Earmark" exists from the start.
        search_lag: Seconds for which search does not see a written record.
        search_hides: Members of a record that search has no index of: nothing is ever found by them.
        customattributes_search: Whether the organisation has that search.
        interactions_patch: "merge", or "replace" for gateways whose PATCH replaces the map.
        data_lag: Seconds by which the data of analytics jobs is behind.
        largest_page: Conversations that a page of a listing with cursors has at most, whatever is asked for.
        meanwhile: Called with a route's name and the conversation of the path ("" where there is none) just
            before a request is handled; what it edits as somebody else is there when the request takes effect.
        answered: Called with a route's name and the body of each answer, before the next request is handled.
    """

    client_id: ClassVar[str] = "sandbox-client"
    client_secret: ClassVar[str] = "sandbox-secret-not-a-real-one"  # noqa: S105  (there is nothing to protect)

    conversations: Iterable[dict[str, Any]] | None = None
    _: KW_ONLY
    faults: FaultPlan | None = None
    rate_limit: int = 300
    port: int = 0
    today: date | None = None
    token_seconds: float = 86_400
    clock: Callable[[], float] = time.time
    schema: bool = True
    search_lag: float = 0.0
    search_hides: frozenset[str] = frozenset()
    customattributes_search: bool = True
    interactions_patch: str = "merge"
    data_lag: float = 0.0
    largest_page: int | None = None
    meanwhile: Callable[[str, str], None] = lambda _route, _conversation: None
    answered: Callable[[str, bytes], None] = lambda _route, _body: None

    def __post_init__(self) -> None:
        if self.interactions_patch not in {"merge", "replace"}:
            raise ValueError('interactions_patch is "merge" or "replace"')
        seeds = default_conversations() if self.conversations is None else self.conversations
        options = Options(
            schema=self.schema,
            search_lag=self.search_lag,
            search_hides=self.search_hides,
            customattributes_search=self.customattributes_search,
            interactions_patch=self.interactions_patch,
            data_lag=self.data_lag,
            largest_page=self.largest_page,
        )
        gate = Gate(self.client_id, self.client_secret, self.token_seconds, self.rate_limit, self.clock)
        self.state = State.seeded(seeds, self._today(), gate, options)
        self.conversations = None  # not held twice
        self._app = App(self.state, self.faults or FaultPlan(), self.meanwhile, self.answered)
        self._server: Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Sandbox:
        """Start answering. A sandbox that was stopped goes on where it was.

        Raises:
            OSError: The port is taken.
        """
        if self._server is None:
            self._server = Server(self.port, self._app.answer)
            self.port = self._server.port
        return self

    def stop(self) -> None:
        """Finish what is being answered and close. May be called twice."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def misbehave(self, faults: FaultPlan | None) -> None:
        """Go by another fault plan from now on; None ends all faults."""
        with self.state.lock:
            self._app.faults = faults or FaultPlan()

    def revoke_tokens(self) -> None:
        """Make every token that was issued unknown."""
        with self.state.lock:
            self.state.gate.tokens.clear()

    def stats(self) -> dict[str, Any]:
        """Return requests by route, 429s of the rate limit, faults by kind and applied writes by store."""
        with self.state.lock:
            return self._app.stats()

    def snapshot(self) -> dict[str, Any]:
        """Return all stored attributes by store and conversation, without versions and times."""
        with self.state.lock:
            return self.state.snapshot()

    def attributes(self, conversation: str) -> dict[str, Any]:
        """Return what a conversation's own snapshot entries hold, by store."""
        identity = conversation_id(conversation)
        return {store: entries.get(identity, {}) for store, entries in self.snapshot().items()}

    def asked(self) -> list[Asked]:
        """Return the latest requests one by one, in the order in which they were handled."""
        with self.state.lock:
            return list(self.state.asked)

    def add_conversation(self, seed: dict[str, Any]) -> str:
        """Let a conversation arrive and return its id."""
        chat = to_chat(seed, self._today())
        with self.state.lock:
            self.state.add(chat)
        return chat.id

    def _today(self) -> date:
        return self.today or datetime.fromtimestamp(self.clock(), UTC).date()

    def delete_conversation(self, conversation: str) -> None:
        with self.state.lock:
            self.state.delete(conversation_id(conversation))

    def edit_as_other(
        self,
        conversation: str,
        attributes: dict[str, Any],
        *,
        record: str | None = None,
        divisions: list[str] | None = None,
        store: str = "custom_attributes",
    ) -> None:
        """Write as somebody else: a record of their own, or keys in an existing `record`.

        `store` may be `interactions` or `participants` (the customer's) too; keys are merged there. In an
        existing record the divisions stay unless given, and keys need not fit the schema.
        """
        identity = conversation_id(conversation)
        with self.state.lock:
            match store:
                case "custom_attributes":
                    self._edit_record(identity, attributes, record, divisions)
                case "interactions":
                    self.state.interactions.setdefault(identity, {}).update(attributes)
                    self.state.log("other", store, "patch", identity, identity, attributes)
                case _:
                    customer = self.state.chat(identity).participant("customer")
                    own = self.state.participants.setdefault(identity, {}).setdefault(customer, {})
                    own.update(attributes)
                    self.state.log("other", store, "patch", identity, customer, attributes)

    def _edit_record(
        self, conversation: str, attributes: dict[str, Any], record: str | None, divisions: list[str] | None
    ) -> None:
        records = self.state.records
        if record is None:
            stored = records.put_foreign(
                conversation, attributes, divisions or [named("division", "quality")]
            )
        else:
            stored = records.get(conversation, record)
            stored.attributes |= attributes
            stored.divisions = stored.divisions if divisions is None else divisions
            stored.touch(attributes, self.clock())
        self.state.log_record("other", "patch" if record else "put", stored, attributes)


def serve_forever(sandbox: Sandbox) -> None:
    """Run until SIGINT or SIGTERM, in the main thread; prints nothing."""
    done = threading.Event()

    def finish(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  (what a signal handler takes)
        done.set()

    previous = {number: signal.signal(number, finish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with sandbox:
            done.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
