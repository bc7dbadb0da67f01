"""Turns a right answer into the wrong one that a fault asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from earmark.sandbox.edits import disguised, edited
from earmark.sandbox.faults import DISGUISES, Fault
from earmark.sandbox.refusals import RefusalError, missing_permission
from earmark.sandbox.wire import Reply

LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
PROXY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
BODIES = {
    "not_json": b"{'entities': [",
    "list": b"[]",
    "null": b"null",
    "empty": b"",
    "bad_utf8": b'{"id":"\xff\xfe"}',
    "deep": b"[" * 100_000 + b"]" * 100_000,
}


def instead(fault: Fault, correlation_id: str) -> Reply | None:
    """Return the answer that a fault gives in place of the handler's, if it does."""
    if fault.kind != "status":
        return None
    if fault.html or (fault.status == 502 and fault.code is None and fault.message is None):
        return Reply(fault.status, PROXY_PAGE, "text/html", _retry_after(fault), by_proxy=True)
    known = missing_permission(fault.permission) if fault.permission else RefusalError(fault.status)
    refusal = RefusalError(fault.status, fault.message or known.message, code=fault.code or known.code)
    reply = Reply.of(refusal.body(correlation_id), fault.status)
    return replace(reply, headers=_retry_after(fault))


def spoil(fault: Fault, reply: Reply) -> Reply:
    """Return the handler's answer with the fault worked into its body or its journey."""
    journeys: dict[str, dict[str, Any]] = {
        "reset_before": {"reset": True},
        "reset_after": {"reset": True},
        "hang": {"delay": fault.seconds, "silent": True},
        "slow": {"delay": fault.seconds},
        "drip": {"drip": fault.seconds},
    }
    if fault.kind in journeys:
        return replace(reply, **journeys[fault.kind])
    if fault.kind == "truncate":
        half = reply.body[: len(reply.body) // 2]
        return replace(reply, body=half, announced=None if fault.honest else len(reply.body) or 64)
    if fault.kind == "html":
        return Reply(200, LOGIN_PAGE, "text/html", by_proxy=True)
    if fault.kind in BODIES:
        return Reply(200, BODIES[fault.kind])
    if not reply.body or not reply.content_type.startswith("application/json"):
        return reply
    spoilt = disguised(fault.kind, reply.body) if fault.kind in DISGUISES else edited(fault, reply.body)
    return replace(reply, body=spoilt)


def _retry_after(fault: Fault) -> dict[str, str]:
    return {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
