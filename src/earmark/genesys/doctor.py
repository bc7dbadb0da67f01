"""Checks a set-up from the network up: one line a check, with cause and exact fix where it fails.

Probes change nothing: they read, or send what the service must refuse after it has checked the permission.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from earmark.errors import (
    AccessDeniedError,
    CredentialsError,
    EarmarkError,
    GoneError,
    RefusedError,
    VersionConflictError,
)
from earmark.genesys import endpoints, schema
from earmark.genesys.pacing import http_date
from earmark.genesys.retry import CLIENTS_PAGE, ROLES_PAGE
from earmark.genesys.schema import DEFAULT_KEYS
from earmark.genesys.session import Session
from earmark.genesys.shape import count, items, mapping, mappings, stamp, text
from earmark.model import Check, Json

SKEW = timedelta(minutes=1)
SCOPES = ("interaction:read", "interaction:write")

_NOBODY = "00000000-0000-4000-8000-000000000000"
_PLATFORM = "platform.api"
_RATE_KEY = "client.credentials.token.rate.per.minute"


@dataclass(frozen=True, slots=True)
class Probe:
    """A permission and a harmless request that needs it."""

    permission: str
    purpose: str
    send: Callable[[Session], object]


def _list_nothing(session: Session) -> object:
    now = datetime.now(UTC)
    interval = f"{stamp(now - timedelta(minutes=5))}/{stamp(now)}"
    paging: Json = {"pageSize": 1, "pageNumber": 1}
    return endpoints.query_conversations(session, {"interval": interval, "paging": paging})


def _write_nothing(session: Session) -> object:
    """A record without id, schema and attributes, for a conversation that does not exist."""
    return endpoints.put_attributes(session, _NOBODY, {})


_LISTING = Probe("analytics:conversationDetail:view", "list conversations", _list_nothing)
_TEXT = {
    "recordings": Probe(
        "recording:recording:view", "read recordings", lambda session: endpoints.recordings(session, _NOBODY)
    ),
    "messages": Probe(
        "conversation:message:view",
        "read messages",
        lambda session: endpoints.message_texts(session, _NOBODY, [_NOBODY]),
    ),
    "transcripts": Probe(
        "speechAndTextAnalytics:data:view",
        "read transcripts",
        lambda session: endpoints.transcript_url(session, _NOBODY, _NOBODY),
    ),
}
_ATTRIBUTES = (
    Probe(
        "conversation:customAttributes:view",
        "read custom attributes",
        lambda session: endpoints.attributes_records(session, _NOBODY),
    ),
    Probe("conversation:customAttributes:edit", "write custom attributes", _write_nothing),
    Probe("conversation:customAttributes:schemaView", "read conversation schemas", endpoints.schemas),
)


def checks(
    session: Session,
    *,
    schema_name: str | None = "Earmark",
    keys: Mapping[str, str] = DEFAULT_KEYS,
    text_route: str = "recordings",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Check]:
    """Check a Genesys Cloud set-up. `schema_name` is None where custom attributes are not written to."""
    facts = yield from _logged_in(session, now)
    if facts is None:
        return
    probes = (_LISTING, _TEXT.get(text_route, _TEXT["recordings"]), *(_ATTRIBUTES if schema_name else ()))
    for probe in probes:
        yield _permission(session, probe)
    if schema_name:
        yield _schema(session, schema_name, keys)
        yield _core_types(session)
    yield _rate(session)


def interactions_checks(
    session: Session, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Check]:
    """Check a set-up for the interactions contract, its scopes included."""
    facts = yield from _logged_in(session, now)
    if facts is None:
        return
    yield _scopes(facts)
    query = {"type": "webchat", "status": "completed", "limit": "1"}
    yield _permission(
        session, Probe(SCOPES[0], "list interactions", lambda each: endpoints.interactions(each, query))
    )
    yield _rate(session)


def _logged_in(
    session: Session, now: Callable[[], datetime]
) -> Generator[Check, None, dict[str, Json] | None]:
    """Region, token, organisation and clock; returns the token's facts, None when nothing else can work."""
    where = f"API {session.hosts.api}, login {session.hosts.login}"
    try:
        facts = endpoints.token_info(session)
    except CredentialsError as error:
        yield Check("region", "ok", where)
        yield _failed("token", error, "wrong client id, wrong or expired secret, or the wrong region")
        return None
    except (AccessDeniedError, GoneError, RefusedError) as error:
        yield Check("region", "ok", where)
        yield Check(
            "token", "warn", "accepted, but its facts cannot be read", error.message, error.hint or ""
        )
        return {}
    except EarmarkError as error:
        yield _failed("region", error, f"no answer from {where}")
        return None
    yield Check("region", "ok", where)
    yield Check("token", "ok", "accepted")
    yield _organisation(facts)
    yield _clock(session, now())
    return facts


def _organisation(facts: dict[str, Json]) -> Check:
    name = text(mapping(facts.get("organization")).get("name"))
    client = text(mapping(facts.get("OAuthClient")).get("name"))
    if not name:
        return Check("organisation", "warn", "the token names none", "an unusual login", "check the region")
    return Check("organisation", "ok", f"{name}, client {client}" if client else name)


def _clock(session: Session, now: datetime) -> Check:
    theirs = http_date(session.latest_headers.get("date", ""))
    if theirs is None:
        return Check("clock", "ok", "the service does not tell its time")
    skew = now - theirs
    if abs(skew) <= SKEW:
        return Check("clock", "ok", f"within {abs(skew).total_seconds():.0f} s of the service's")
    return Check(
        "clock",
        "warn",
        f"{skew.total_seconds():+.0f} s off the service's",
        "this machine's clock is wrong",
        "synchronise it (NTP): windows would begin and end at the wrong time",
    )


def _permission(session: Session, probe: Probe) -> Check:
    name = f"permission {probe.permission}"
    try:
        probe.send(session)
    except AccessDeniedError as error:
        return Check(
            name,
            "fail",
            error.message,
            "the client's role lacks it, or an IP restriction keeps this machine out",
            f"add {probe.permission} to the client's role ({ROLES_PAGE}), for the divisions to be read",
        )
    except (GoneError, RefusedError, VersionConflictError):
        return Check(name, "ok", f"may {probe.purpose}")
    except EarmarkError as error:
        return Check(
            name, "warn", error.message, "the service could not say", error.hint or "run again later"
        )
    return Check(name, "ok", f"may {probe.purpose}")


def _schema(session: Session, name: str, keys: Mapping[str, str]) -> Check:
    try:
        found = schema.find(session, name)
        fields = schema.fields(found, keys)
    except EarmarkError as error:
        return _failed("schema", error, "the attributes have no place to go")
    return Check("schema", "ok", f"{found.title!r} with {', '.join(f.key for f in fields.values())}")


def _core_types(session: Session) -> Check:
    try:
        best = schema.preferred_type(schema.core_types(session))
    except EarmarkError as error:
        return Check("attribute types", "warn", error.message, "they cannot be read", error.hint or "")
    if best == "tag":
        return Check("attribute types", "ok", "lists of tags are offered")
    if best:
        return Check(
            "attribute types",
            "warn",
            f"no tags, {best} instead",
            "the organisation lacks them",
            schema.AS_TEXT,
        )
    return Check("attribute types", "fail", "neither tags nor texts", "not offered", "use another writer")


def _rate(session: Session) -> Check:
    told = session.latest_headers.get("inin-ratelimit-allowed")
    try:
        entities = mappings(endpoints.limits(session, _PLATFORM).get("entities"))
    except EarmarkError:
        entities = []
    granted = next(
        (count(each.get("value")) for each in entities if text(each.get("key")) == _RATE_KEY), None
    )
    parts = [f"{granted} a minute are granted" if granted else "", f"{told} are announced" if told else ""]
    if any(parts):
        return Check("rate limit", "ok", ", ".join(filter(None, parts)))
    return Check(
        "rate limit",
        "warn",
        f"unknown, {session.gate.allowed} a minute are assumed",
        "neither the limits nor the answers' headers say",
        "nothing to do; a 429 is waited out",
    )


def _scopes(facts: dict[str, Json]) -> Check:
    granted = facts.get("authorizedScope")
    names = granted.split() if isinstance(granted, str) else [text(each) for each in items(granted)]
    missing = [scope for scope in SCOPES if scope not in names]
    shown = ", ".join(names) or "none"
    if not missing:
        return Check("scopes", "ok", shown)
    return Check(
        "scopes",
        "warn",
        f"{shown}; {', '.join(missing)} not among them",
        "the OAuth client was not given them, or the gateway does not list them",
        f"add the scopes to the client ({CLIENTS_PAGE})",
    )


def _failed(name: str, error: EarmarkError, cause: str) -> Check:
    return Check(name, "fail", error.message, cause, error.hint or "")
