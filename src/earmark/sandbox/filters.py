"""The predicates of an analytics query, on conversations as the listing shows them.

Filters of one list are ANDed; all segment filters must hold for one and the same segment. A dimension at
the wrong level matches nothing, as in the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.wire import member

Facts = dict[str, list[str]]
CONVERSATION_DIMENSIONS = {
    "conversationId": "conversationId",
    "conversationStart": "conversationStart",
    "conversationEnd": "conversationEnd",
    "conversationInitiator": "conversationInitiator",
    "customerParticipation": "customerParticipation",
    "originatingDirection": "originatingDirection",
    "externalTag": "externalTag",
    "divisionId": "divisionIds",
}
PARTICIPANT_DIMENSIONS = ("purpose", "participantName", "userId", "externalContactId", "teamId")
SESSION_DIMENSIONS = ("mediaType", "messageType", "direction", "provider", "authenticated", "flowId")
SEGMENT_DIMENSIONS = ("segmentType", "segmentEnd", "disconnectType", "queueId", "wrapUpCode")


def interval(text: Any) -> tuple[int, int]:
    """Return start and end of an ISO 8601 interval in epoch milliseconds.

    Raises:
        RefusalError: 400.
    """
    try:
        start, end = (datetime.fromisoformat(part) for part in str(text).split("/"))
        bounds = int(start.timestamp() * 1000), int(end.timestamp() * 1000)
    except ValueError:
        raise RefusalError(400, "The interval must be two ISO-8601 times.", code="invalid.date") from None
    if start.tzinfo is None or end.tzinfo is None or bounds[0] >= bounds[1]:
        raise RefusalError(400, "The interval must end after it starts, in UTC.", code="invalid.date")
    return bounds


class Query:
    """The filters of a query body.

    Raises:
        RefusalError: 400, a filter is malformed.
    """

    def __init__(self, body: dict[str, Any]) -> None:
        self.conversation = _checked(member(body, "conversationFilters", list, []))
        self.segment = _checked(member(body, "segmentFilters", list, []))

    def matches(self, shown: dict[str, Any]) -> bool:
        """Whether a rendered conversation passes."""
        facts = _conversation_facts(shown)
        if not all(_holds(one, facts) for one in self.conversation):
            return False
        if not self.segment:
            return True
        return any(all(_holds(one, facts) for one in self.segment) for facts in _segment_facts(shown))


def _checked(filters: list[Any]) -> list[dict[str, Any]]:
    for one in filters:
        _check_clause(one)
    return filters


def _check_clause(clause: Any) -> None:
    if not isinstance(clause, dict):
        raise RefusalError(400)
    _check_word(clause, "type", ("and", "or"))
    for predicate in member(clause, "predicates", list, []):
        if not isinstance(predicate, dict):
            raise RefusalError(400)
        _check_word(predicate, "type", ("dimension", "property", "metric"))
        _check_word(predicate, "operator", ("matches", "exists", "notExists"))
    for inner in member(clause, "clauses", list, []):
        _check_clause(inner)


def _check_word(holder: dict[str, Any], name: str, allowed: tuple[str, ...]) -> None:
    value = holder.get(name)
    if value is not None and value not in allowed:
        message = f"Value [{value}] is not valid for field type [{name}]. "
        message += f"Allowable values are: {', '.join(allowed)}"
        raise RefusalError(400, message, code="invalid.value")


def _holds(clause: dict[str, Any], facts: Facts) -> bool:
    results = [_predicate(one, facts) for one in clause.get("predicates") or []]
    results += [_holds(one, facts) for one in clause.get("clauses") or []]
    return any(results) if clause.get("type") == "or" else all(results)


def _predicate(predicate: dict[str, Any], facts: Facts) -> bool:
    values = facts.get(str(predicate.get("dimension")))
    if values is None:  # not a dimension of this level
        return False
    operator = predicate.get("operator") or "matches"
    if operator == "matches":
        return str(predicate.get("value", "")).lower() in values
    exists: bool = operator == "exists"
    return bool(values) is exists


def _conversation_facts(shown: dict[str, Any]) -> Facts:
    return {dimension: _values(shown.get(field)) for dimension, field in CONVERSATION_DIMENSIONS.items()}


def _segment_facts(shown: dict[str, Any]) -> Iterator[Facts]:
    for participant in shown["participants"]:
        who = {name: _values(participant.get(name)) for name in PARTICIPANT_DIMENSIONS}
        for session in participant["sessions"]:
            how = {name: _values(session.get(name)) for name in SESSION_DIMENSIONS}
            for segment in session["segments"]:
                yield who | how | {name: _values(segment.get(name)) for name in SEGMENT_DIMENSIONS}


def _values(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item).lower() for item in value] if isinstance(value, list) else [str(value).lower()]
