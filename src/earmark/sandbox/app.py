"""One request from start to end: its route, the gate, the fault that strikes, the handler, the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any
from uuid import uuid4

from earmark.sandbox import routes
from earmark.sandbox.api.storage import refusal_as_xml
from earmark.sandbox.faults import TWISTS, Fault, FaultPlan
from earmark.sandbox.mischief import instead, spoil
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.routes import Route
from earmark.sandbox.state import Asked, State
from earmark.sandbox.wire import Reply, Request

LARGEST_REQUEST = 512_000


@dataclass
class App:
    """Answers requests. It holds the state's lock while it does, so that each is whole."""

    state: State
    faults: FaultPlan
    meanwhile: Callable[[str, str], None] = lambda _route, _conversation: None
    answered: Callable[[str, bytes], None] = lambda _route, _body: None

    def answer(self, request: Request) -> Reply:
        with self.state.lock:
            if request.path.startswith("/sandbox/"):
                return self._inspect(request)
            return self._serve(request)

    def stats(self) -> dict[str, Any]:
        """Return requests by route and by minute, 429s of the rate limit, faults by kind, writes by store."""
        writes: dict[str, int] = {}
        for write in self.state.writes:
            writes[write.store] = writes.get(write.store, 0) + 1
        return {
            "requests": {route.name: 0 for route in routes.ROUTES} | dict(self.state.requests),
            "throttled": self.state.gate.throttled,
            "windows": [*self.state.gate.windows, self.state.gate.used],
            "faults": dict(self.state.faults),
            "writes": writes,
        }

    def _inspect(self, request: Request) -> Reply:
        if request.path == "/sandbox/stats":
            return Reply.of(self.stats())
        if request.path == "/sandbox/snapshot":
            return Reply.of(self.state.snapshot())
        return Reply.of(RefusalError(404).body(""), 404)

    def _serve(self, request: Request) -> Reply:
        correlation_id = str(uuid4())
        route, request.params = routes.find(request.method, request.path)
        at, struck = self.state.clock(), self.state.faults.total()
        reply = self._guarded(route, request, correlation_id)
        self.state.requests[route.name] += 1
        conversation = request.params.get("conversation", "")
        asked = Asked(route.name, conversation, reply.status, at, self.state.faults.total() > struck)
        self.state.asked.append(asked)
        self.answered(route.name, reply.body)
        if reply.by_proxy:
            return reply
        headers = {"Date": formatdate(self.state.clock(), usegmt=True)}
        if not route.is_storage:
            headers["ININ-Correlation-Id"] = correlation_id
        if not route.is_open:
            headers |= self.state.gate.headers()
        return replace(reply, headers=headers | reply.headers)

    def _guarded(self, route: Route, request: Request, correlation_id: str) -> Reply:
        """Answer, turning refusals into replies."""
        try:
            if not route.is_open:
                self._admit(request)
            return self._handled(route, request, correlation_id)
        except RefusalError as refusal:
            if route.is_storage:
                return refusal_as_xml(refusal)
            reply = Reply.of(refusal.body(correlation_id), refusal.status)
            if refusal.status == 429:
                reply.headers["Retry-After"] = str(self.state.gate.seconds_left())
            return reply

    def _admit(self, request: Request) -> None:
        self.state.gate.check(request.headers.get("authorization", ""))
        request.client = self.state.gate.client_id
        self.state.gate.count()
        size = len(request.body)
        if size > LARGEST_REQUEST:
            told = f"The request is over the size limit. Content-Length: {size}, Maximum bytes: {LARGEST_REQUEST}"
            raise RefusalError(413, told)

    def _handled(self, route: Route, request: Request, correlation_id: str) -> Reply:
        self.meanwhile(route.name, request.params.get("conversation", ""))
        fault = self._strike(route, request)
        if fault is None:
            return self._handle(route, request)
        reply = self._handle(route, request) if fault.handles else Reply()
        return instead(fault, correlation_id) or spoil(fault, reply)

    def _handle(self, route: Route, request: Request) -> Reply:
        answer = route.handler(self.state, request)
        return answer if isinstance(answer, Reply) else Reply.of(answer)

    def _strike(self, route: Route, request: Request) -> Fault | None:
        """Return the fault that hits this request, after what it does to the state."""
        conversation = request.params.get("conversation", "")
        fault = self.faults.next(route.name, request.method, conversation)
        if fault is None:
            return None
        self.state.faults[fault.kind] += 1
        if fault.kind == "delete" and conversation in self.state.chats:
            self.state.delete(conversation)
        if fault.kind == "other_writer":
            self.state.change_as_other(conversation)
        if fault.kind in TWISTS:
            request.twist = fault.kind
        return fault
