"""Turns a right answer into the wrong one that a fault asks for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from earmark.sandbox.faults import Fault
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
}
ENUM_NAMES = (
    "bodyType contentType direction disconnectType fileState media mediaType messageType messengerType "
    "originatingDirection originatingEntity participantPurpose purpose segmentType state status type"
)
ENUMS = frozenset(ENUM_NAMES.split())
LISTS = ("conversations", "entities", "results", "messages", "transcript", "messagingTranscript")


def instead(fault: Fault, correlation_id: str) -> Reply | None:
    """Return the answer that a fault gives in place of the handler's, if it does."""
    if fault.kind != "status":
        return None
    if fault.html or (fault.status == 502 and fault.code is None and fault.message is None):
        return Reply(fault.status, PROXY_PAGE, "text/html", _retry_after(fault))
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
        return Reply(200, LOGIN_PAGE, "text/html")
    return Reply(200, BODIES[fault.kind]) if fault.kind in BODIES else _edited(fault.kind, reply)


def _retry_after(fault: Fault) -> dict[str, str]:
    return {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}


def _edited(kind: str, reply: Reply) -> Reply:
    if not reply.body or not reply.content_type.startswith("application/json"):
        return reply
    value = _walk(kind, json.loads(reply.body))
    return replace(reply, body=json.dumps(value).encode("ascii"))


def _walk(kind: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_walk(kind, item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _member(kind, name, item) for name, item in value.items()}


def _member(kind: str, name: str, item: Any) -> Any:
    if name in ENUMS and isinstance(item, str) and kind.endswith("_enums"):
        return None if kind == "null_enums" else "BrandNewValue"
    if name in LISTS and isinstance(item, list) and kind == "duplicates":
        return [_walk(kind, one) for one in item for _ in range(2)]
    if name in LISTS and isinstance(item, list) and kind == "reorder":
        return [_walk(kind, one) for one in reversed(item)]
    return _walk(kind, item)
