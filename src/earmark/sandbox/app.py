"""One request from start to end: its route, the gate, the fault that strikes, the handler, the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from earmark.sandbox import routes
from earmark.sandbox.api.storage import refusal_as_xml
from earmark.sandbox.faults import TWISTS, Fault, FaultPlan
from earmark.sandbox.gate import Gate
from earmark.sandbox.mischief import instead, spoil
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.state import State
from earmark.sandbox.wire import Reply, Request

LARGEST_REQUEST = 512_000
TOKEN_PATH = "/oauth/token"  # noqa: S105  (a path)


@dataclass
class App:
    """Answers requests. It holds the state's lock while it does, so that each is whole."""

    state: State
    gate: Gate
    faults: FaultPlan

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
            "requests": {route.name: 0 for route in routes.ROUTES} | {"token": 0} | dict(self.state.requests),
            "throttled": self.gate.throttled,
            "windows": [*self.gate.windows, self.gate.used],
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
        found = routes.find(request.method, request.path)
        route, request.params = found or (None, {})
        name = "token" if request.path == TOKEN_PATH else route.name if route else "unknown"
        reply = self._guarded(name, route, request, correlation_id)
        self.state.requests[name] += 1
        headers = {"Date": formatdate(self.state.clock(), usegmt=True)}
        if route is None or not route.is_storage:
            headers["ININ-Correlation-Id"] = correlation_id
            headers |= {} if name == "token" else self.gate.headers()
        return replace(reply, headers=headers | reply.headers)

    def _guarded(self, name: str, route: routes.Route | None, request: Request, correlation_id: str) -> Reply:
        """Answer, turning refusals into replies."""
        try:
            self._admit(name, route, request)
            fault = self._strike(name, request)
            return self._handled(fault, route, request, correlation_id)
        except RefusalError as refusal:
            if route is not None and route.is_storage:
                return refusal_as_xml(refusal)
            reply = Reply.of(refusal.body(correlation_id), refusal.status)
            if refusal.status == 429:
                reply.headers["Retry-After"] = str(self.gate.seconds_left())
            return reply

    def _admit(self, name: str, route: routes.Route | None, request: Request) -> None:
        if name == "token" or (route is not None and route.is_storage):
            return
        self.gate.check(request.headers.get("authorization", ""))
        request.client = self.gate.client_id
        self.gate.count()
        if route is None:
            raise RefusalError(404)
        if len(request.body) > LARGEST_REQUEST:
            raise RefusalError(
                413,
                "The request is over the size limit. "
                f"Content-Length: {len(request.body)}, Maximum bytes: {LARGEST_REQUEST}",
            )

    def _strike(self, name: str, request: Request) -> Fault | None:
        """Return the fault that hits this request, after what it does to the state."""
        fault = self.faults.next(name, request.method, request.params.get("conversation"))
        if fault is None:
            return None
        self.state.faults[fault.kind] += 1
        conversation = request.params.get("conversation", "")
        if fault.kind == "delete" and conversation in self.state.chats:
            self.state.delete(conversation)
        if fault.kind == "other_writer":
            self.state.change_as_other(conversation)
        if fault.kind in TWISTS:
            request.twist = fault.kind
        return fault

    def _handled(
        self, fault: Fault | None, route: routes.Route | None, request: Request, correlation_id: str
    ) -> Reply:
        if fault is None:
            return self._handle(route, request)
        reply = self._handle(route, request) if fault.handles else Reply()
        return instead(fault, correlation_id) or spoil(fault, reply)

    def _handle(self, route: routes.Route | None, request: Request) -> Reply:
        answer = self._token(request) if route is None else route.handler(self.state, request)
        return answer if isinstance(answer, Reply) else Reply.of(answer)

    def _token(self, request: Request) -> dict[str, Any]:
        if request.method != "POST":
            raise RefusalError(404)
        form = parse_qs(request.body.decode("latin-1"))
        grant = form.get("grant_type", [""])[0]
        token = self.gate.login(request.headers.get("authorization", ""), grant)
        return {"access_token": token, "token_type": "bearer", "expires_in": int(self.gate.token_seconds)}
