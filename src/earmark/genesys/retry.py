"""What a failed exchange means: wait and repeat, or which error it is.

| failure                         | read                          | write                       |
|---------------------------------|-------------------------------|-----------------------------|
| no connection                   | 5 repeats, then Unavailable   | the same: nothing was sent  |
| reset, timeout, 502, 503, 504   | 5 repeats, then KeepsFailing  | UnknownOutcome              |
| 500                             | 2 repeats, then KeepsFailing  | UnknownOutcome              |
| 408                             | 1 repeat, then KeepsFailing   | UnknownOutcome              |
| 2xx of another shape            | 3 repeats, then Garbled       | UnknownOutcome              |
| 401                             | the session renews the token once, then Credentials         ||
| 403                             | AccessDenied; Refused where one conversation is out of reach||
| 404, 410                        | Gone                                                        ||
| 409, 412, 400 "current version" | VersionConflict                                             ||
| any other                       | Refused                                                     ||

429 is not in the table: the gate deals with it for all threads.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from earmark.errors import (
    AccessDeniedError,
    CredentialsError,
    EarmarkError,
    GarbledError,
    GoneError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
    VersionConflictError,
)
from earmark.genesys.pacing import retry_after
from earmark.genesys.transport import (
    Answer,
    DeclinedError,
    ExchangeError,
    MalformedError,
    NoAnswerError,
    NotSentError,
)
from earmark.model import Json

ROLES_PAGE = "Admin > People & Permissions > Roles / Permissions"
CLIENTS_PAGE = "Admin > Integrations > OAuth"

_BUDGET = {"connection": 5, "busy": 5, "fault": 2, "slow": 1, "malformed": 3}
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_KIND_OF_STATUS = {408: "slow", 500: "fault", 502: "busy", 503: "busy", 504: "busy"}
_jitter = random.SystemRandom().uniform
_PERMISSION = re.compile(r"[A-Za-z]+:[A-Za-z]+:[A-Za-z*]+")


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the field names it: `operation` completes "could not …", `ref` is a conversation id.

    `shape` is the JSON type of a good answer; `may_be_empty` allows no body at all. A `write` is never
    repeated once it may have arrived.
    """

    method: str
    path: str
    operation: str
    ref: str | None = None
    write: bool = False
    shape: type[list[Json]] | type[dict[str, Json]] | None = None
    may_be_empty: bool = False

    def check(self, answer: Answer) -> None:
        """Raise MalformedError for another shape than promised: it never means "nothing there"."""
        if (answer.empty and self.may_be_empty) or self.shape is None:
            return
        if not isinstance(answer.body, self.shape):
            wanted = "a list" if self.shape is list else "an object"
            raise MalformedError(f"the answer is not {wanted}", answer.correlation_id)


class KeepsFailingError(RefusedError):
    """The service failed again and again for one conversation; the session tells bad luck from an outage."""


@dataclass(slots=True)
class Tally:
    """How often a call has been repeated, by kind of failure."""

    spent: dict[str, int] = field(default_factory=dict)

    def spend(self, kind: str) -> float | None:
        """Seconds to wait before the next attempt (full jitter), None when the budget is spent."""
        used = self.spent.get(kind, 0)
        if used >= _BUDGET[kind]:
            return None
        self.spent[kind] = used + 1
        return _jitter(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**used))


def pause_before_repeat(failure: ExchangeError, call: Call, tally: Tally) -> float:
    """Seconds to wait before sending `call` again; a `Retry-After` counts up to a minute.

    Raises:
        EarmarkError: It must not be sent again; says what happened.
    """
    kind = _kind(failure)
    if kind is None:
        raise _final(failure, call)
    if call.write and kind != "connection":
        raise _error(
            UnknownOutcomeError, failure, call, "the service did not confirm it", "it is checked when resumed"
        )
    pause = tally.spend(kind)
    if pause is None:
        raise _exhausted(kind, failure, call)
    told = (
        retry_after(failure.answer.headers.get("retry-after", ""))
        if isinstance(failure, DeclinedError)
        else None
    )
    return max(pause, min(told or 0.0, _LONGEST_PAUSE))


def _kind(failure: ExchangeError) -> str | None:
    match failure:
        case NotSentError():
            return "connection"
        case NoAnswerError():
            return "busy"
        case MalformedError():
            return "malformed"
        case DeclinedError():
            return _KIND_OF_STATUS.get(failure.answer.status)
    return None


def _exhausted(kind: str, failure: ExchangeError, call: Call) -> EarmarkError:
    if kind == "malformed" and call.ref is not None:
        return _error(GarbledError, failure, call, str(failure), "run again later; quote the correlation id")
    if kind == "connection" or call.ref is None:
        hint = "check the region, the proxy and the network, then run the same command again"
        what = "does not answer" if kind == "connection" else "gives no good answer"
        return _error(UnavailableError, failure, call, f"the service {what}: {failure}", hint)
    return _error(KeepsFailingError, failure, call, f"the service keeps failing: {failure}", "resume later")


def _final(failure: ExchangeError, call: Call) -> EarmarkError:
    if not isinstance(failure, DeclinedError):
        return _error(RefusedError, failure, call, str(failure), "run again")
    status, code, text = failure.answer.status, error_code(failure.answer), error_text(failure.answer)
    named = f"status {status}" + (f", {code}" if code else "")
    if status == 401:
        return credentials_refused(named)
    if status == 403:
        return _denied(failure, call, named)
    if status in {404, 410}:
        hint = "nothing to do" if call.ref else "check the region: what is asked for is not offered there"
        return _error(GoneError, failure, call, f"it does not exist ({named})", hint)
    if status in {409, 412} or (status == 400 and "does not match the current version" in text):
        return _error(VersionConflictError, failure, call, f"somebody else changed it ({named})", "run again")
    fields = _fields(failure.answer)
    return _error(RefusedError, failure, call, f"the service refuses it ({named}{fields})", _hint(status))


def _denied(failure: DeclinedError, call: Call, named: str) -> EarmarkError:
    permissions = missing_permissions(failure.answer)
    if call.ref and not permissions and error_code(failure.answer) == "not.authorized":
        hint = f"add the conversation's division to the client's role ({ROLES_PAGE})"
        return _error(RefusedError, failure, call, f"it is outside the client's divisions ({named})", hint)
    wanted = f"; it needs {' or '.join(permissions)}" if permissions else ""
    hint = f"add it to the client's role ({ROLES_PAGE}); if it is there, look for an IP restriction"
    return _error(AccessDeniedError, failure, call, f"the permission is missing ({named}){wanted}", hint)


def credentials_refused(named: str) -> CredentialsError:
    return CredentialsError(
        f"the service refuses the credentials ({named})",
        hint=f"check client id, secret and region ({CLIENTS_PAGE}); the secret may have been replaced or the "
        "client disabled",
    )


def missing_permissions(answer: Answer) -> tuple[str, ...]:
    """Permission names in a 403, from its message and its parameters."""
    body = answer.body if isinstance(answer.body, dict) else {}
    params = body.get("messageParams")
    texts = [error_text(answer), *(params.values() if isinstance(params, dict) else ())]
    found = [name for text in texts if isinstance(text, str) for name in _PERMISSION.findall(text)]
    return tuple(dict.fromkeys(found))


def error_code(answer: Answer) -> str:
    """The service's own word for an error; empty when the body has none that looks like one."""
    body = answer.body if isinstance(answer.body, dict) else {}
    code = body.get("code") or body.get("error")
    return code if isinstance(code, str) and re.fullmatch(r"[\w.\-]{1,80}", code) else ""


def error_text(answer: Answer) -> str:
    """The message of an error, for parsing only: it may quote what was sent."""
    body = answer.body if isinstance(answer.body, dict) else {}
    message = body.get("message")
    return message if isinstance(message, str) else ""


def _fields(answer: Answer) -> str:
    body = answer.body if isinstance(answer.body, dict) else {}
    details = body.get("details")
    items = details if isinstance(details, list) else []
    names = [item.get("fieldName") for item in items if isinstance(item, dict)]
    shown = [name for name in names if isinstance(name, str) and re.fullmatch(r"[\w.\-]{1,80}", name)]
    return f", fields {', '.join(shown)}" if shown else ""


def _hint(status: int) -> str:
    if 300 <= status < 400:
        return "the host redirects: check the region, or log in to the network's portal"
    if status == 413:
        return "write fewer or shorter values"
    return "report it with the correlation id if it persists"


def _error(
    kind: type[EarmarkError], failure: ExchangeError, call: Call, what: str, hint: str
) -> EarmarkError:
    return kind(
        f"could not {call.operation}: {what}",
        hint=hint,
        ref=call.ref,
        correlation_id=failure.correlation_id,
    )
