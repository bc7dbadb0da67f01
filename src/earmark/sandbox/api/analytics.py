"""Analytics: conversations as the listings show them, by page and by asynchronous job."""

from __future__ import annotations

import json
from typing import Any

from earmark.sandbox.chats import HOME_DIVISION, Chat, Leg, Turn, named, present, stamp
from earmark.sandbox.filters import Query, interval
from earmark.sandbox.paging import cut, position
from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.state import Job, State, next_id
from earmark.sandbox.wire import Reply, Request, member

DAY_MS = 86_400_000
LONGEST_INTERVAL_MS = 7 * DAY_MS
LARGEST_PAGE = 100
LARGEST_RESULT = 10_000
LARGEST_JOB_PAGE = 1000
PROVIDERS = {"chat": "PureCloud Webchat v2", "message": "PureCloud Messaging", "voice": "Edge"}
JOB_STATES = ("QUEUED", "PENDING", "FULFILLED")


def query(state: State, request: Request) -> Any:
    """Answer a page of a synchronous query: what started on a day that the interval touches."""
    body = request.json_object()
    start, end = interval(body.get("interval"))
    if end - start > LONGEST_INTERVAL_MS:
        raise RefusalError(400, "The interval is longer than 7 days.", code="invalid.value")
    number, size = _paging(member(body, "paging", dict, {}))
    found = _found(state, body, start // DAY_MS * DAY_MS, -(-end // DAY_MS) * DAY_MS)
    hits = len(found)
    if request.twist == "drift":
        found = [chat for place, chat in enumerate(found, 1) for _ in range(1 + (place % size == 0))]
    if request.twist == "endless":
        number, hits = 1, LARGEST_RESULT
    page = found[(number - 1) * size : number * size]
    shown = [render(chat) for chat in page] or None
    return present(conversations=shown, totalHits=hits, aggregations=[])


def _paging(paging: dict[str, Any]) -> tuple[int, int]:
    number, size = member(paging, "pageNumber", int, 1), member(paging, "pageSize", int, 25)
    if number < 1 or not 1 <= size <= LARGEST_PAGE:
        message = f"pageNumber starts at 1 and pageSize is 1 to {LARGEST_PAGE}."
        raise RefusalError(400, message, code="invalid.value")
    if number * size > LARGEST_RESULT:
        message = f"A query returns {LARGEST_RESULT} conversations at most."
        raise RefusalError(400, message, code="invalid.value")
    return number, size


def _found(state: State, body: dict[str, Any], start: int, end: int) -> list[Chat]:
    query = Query(body)

    def find() -> list[Chat]:
        found = [chat for chat in state.started_between(start, end) if query.matches(render(chat))]
        return _ordered(found, body)

    return state.search(json.dumps({**body, "paging": None}, sort_keys=True), find)


def _ordered(chats: list[Chat], body: dict[str, Any]) -> list[Chat]:
    by_end = member(body, "orderBy", str, "conversationStart") in {"conversationEnd", "segmentEnd"}
    return sorted(
        chats,
        key=lambda chat: (chat.last_moment if by_end else chat.start, chat.id),
        reverse=body.get("order") == "desc",
    )


def one(state: State, request: Request) -> Any:
    return render(state.chat(request.params["conversation"]))


def several(state: State, request: Request) -> Any:
    wanted = [identity for identity in request.query.get("id", "").split(",") if identity]
    if not 1 <= len(wanted) <= LARGEST_PAGE:
        raise RefusalError(400, f"id lists 1 to {LARGEST_PAGE} conversations.", code="invalid.value")
    chats = [state.chats[identity] for identity in wanted if identity in state.chats]
    return {"conversations": [render(chat) for chat in chats if not chat.gone]}


def submit_job(state: State, request: Request) -> Reply:
    """Accept a job: what was active in the interval and has reached the data lake."""
    body = request.json_object()
    start, end = interval(body.get("interval"))
    query, lake = Query(body), int((state.clock() - state.options.data_lag) * 1000)
    first = start // DAY_MS * DAY_MS if body.get("startOfDayIntervalMatching") else 0
    found = [
        chat
        for chat in state.started_between(first, end)
        if chat.last_moment >= start and chat.last_moment <= lake and query.matches(render(chat))
    ]
    job_id = next_id("job", state.jobs_submitted)
    state.jobs_submitted += 1
    state.jobs[job_id] = Job(_ordered(found, body), state.clock())
    return Reply.of({"jobId": job_id}, 202)


def job(state: State, request: Request) -> Any:
    """Answer QUEUED, PENDING, then FULFILLED; a fault makes it FAILED or EXPIRED for good."""
    job = _job(state, request)
    job.polls += 1
    now = JOB_STATES[min(job.polls, len(JOB_STATES)) - 1]
    if request.twist in {"job_failed", "job_expired"}:
        job.state = "FAILED" if request.twist == "job_failed" else "EXPIRED"
    shown = job.state or now
    done = shown == "FULFILLED"
    return present(
        state=shown,
        errorMessage="The query could not be executed." if shown == "FAILED" else None,
        submissionDate=stamp(int(job.submitted * 1000)),
        completionDate=stamp(int(job.submitted * 1000) + 1000) if done else None,
        expirationDate=stamp(int(job.submitted * 1000) + DAY_MS) if done else None,
    )


def job_results(state: State, request: Request) -> Any:
    """Answer a page. A cursor may be repeated until the one after it is used."""
    job = _job(state, request)
    if request.twist == "job_expired" or job.state == "EXPIRED":
        raise RefusalError(404, "The results of the job have expired.")
    if job.state or job.polls < len(JOB_STATES):
        raise RefusalError(400, "The job has no results.", code="bad.request")
    scope, cursor = request.params["job"], request.query.get("cursor", "")
    place = position(scope, cursor)[0] if cursor else 0
    if cursor and place not in {job.position, job.offered}:
        raise RefusalError(400, "The cursor is not valid for this request.")
    size = request.number("pageSize", LARGEST_JOB_PAGE, most=LARGEST_JOB_PAGE)
    size = min(size, state.options.largest_page or size)
    page, following = cut(job.chats, scope, cursor, size, request.twist)
    job.position, job.offered = place, place + size
    shown = [render(chat, attributes=True) for chat in page]
    return present(conversations=shown, cursor=following, dataAvailabilityDate=_lake_date(state))


def cancel_job(state: State, request: Request) -> Reply:
    _job(state, request)
    del state.jobs[request.params["job"]]
    return Reply(204)


def availability(state: State, request: Request) -> Any:  # noqa: ARG001  (every handler takes both)
    return {"dataAvailabilityDate": _lake_date(state)}


def _lake_date(state: State) -> str:
    return stamp(int((state.clock() - state.options.data_lag) * 1000))


def _job(state: State, request: Request) -> Job:
    job = state.jobs.get(request.params["job"])
    if job is None:
        raise RefusalError(404)
    return job


def render(chat: Chat, *, attributes: bool = False) -> dict[str, Any]:
    """Return a conversation as analytics shows it; participant attributes come from jobs only."""
    turns = chat.turns()
    legs = chat.legs(turns)
    participants = [_customer(chat, legs, attributes=attributes)]
    if any(turn.sender == "bot" for turn in turns):
        participants.append(_party(chat, "workflow", legs[0]))
    for leg in legs:
        participants.append(_party(chat, "acd", leg, participantName=leg.queue))
        if _answered(turns, leg):
            agent = named("user", leg.queue)
            participants.append(
                _party(chat, "agent", leg, userId=agent, participantName=f"Agent {leg.number + 1}")
            )
    return present(
        conversationId=chat.id,
        conversationStart=stamp(chat.start),
        conversationEnd=None if chat.end is None else stamp(chat.end),
        originatingDirection="inbound",
        divisionIds=[HOME_DIVISION],
        externalTag=chat.tag,
        participants=participants,
    )


def _answered(turns: list[Turn], leg: Leg) -> bool:
    return any(turn.sender == "agent" for turn in turns[leg.first : leg.last])


def _customer(chat: Chat, legs: list[Leg], *, attributes: bool) -> dict[str, Any]:
    return present(
        participantId=chat.participant("customer"),
        participantName="Customer",
        purpose="customer",
        sessions=[_session(chat, leg, chat.session(leg.number)) for leg in legs],
        attributes=chat.attributes if attributes else None,
    )


def _party(chat: Chat, purpose: str, leg: Leg, **more: str) -> dict[str, Any]:
    session = _session(chat, leg, named(chat.id, "session", purpose, leg.number))
    return {
        "participantId": chat.participant(purpose, leg.number),
        "purpose": purpose,
        "sessions": [session],
    } | more


def _session(chat: Chat, leg: Leg, identity: str) -> dict[str, Any]:
    ended = None if leg.end is None else stamp(leg.end)
    segment = present(
        segmentStart=stamp(leg.start),
        segmentEnd=ended,
        segmentType="interact",
        disconnectType=None if ended is None else "transfer" if leg.handover else "peer",
        queueId=named("queue", leg.queue),
    )
    return present(
        sessionId=identity,
        mediaType=chat.media,
        messageType="webmessaging" if chat.media == "message" else None,
        provider=PROVIDERS[chat.media],
        direction="inbound",
        metrics=[],
        segments=[segment],
    )
