"""What a failed exchange means: wait and repeat, or which error it is.

| failure                         | read                          | write                       |
|---------------------------------|-------------------------------|-----------------------------|
| no connection                   | 5 repeats, then Unavailable   | the same: nothing was sent  |
| reset, timeout, 502, 503, 504   | 5 repeats, then KeepsFailing  | UnknownOutcome              |
| 500 and any other 5xx           | 2 repeats, then KeepsFailing  | UnknownOutcome              |
| 408                             | 1 repeat, then KeepsFailing   | UnknownOutcome              |
| 2xx of another shape            | 3 repeats, then Garbled       | UnknownOutcome              |
| 3xx: not followed               | Refused                       | UnknownOutcome              |
| 401                             | the session renews the token once, then Credentials         ||
| 403                             | AccessDenied; Refused where one conversation is out of reach||
| 404, 410                        | Gone                                                        ||
| 409, 412, 400 "current version" | VersionConflict                                             ||
| any other                       | Refused                                                     ||

429 is not in the table: the gate deals with it for all threads. From a storage it is as a 503.
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
_KIND_OF_STATUS = {408: "slow", 429: "busy", 502: "busy", 503: "busy", 504: "busy"}
_jitter = random.SystemRandom().uniform
_PERMISSION = re.compile(r"\b[A-Za-z]{1,60}:[A-Za-z]{1,60}:[A-Za-z*]{1,60}")
_WORD = re.compile(r"[\w.\-]{1,80}")
_READ_OF_A_MESSAGE = 4_000
_MOST_NAMED = 10


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
    if call.write and _may_have_happened(failure, kind):
        raise _error(
            UnknownOutcomeError, failure, call, "the service did not confirm it", "it is checked when resumed"
        )
    if kind is None:
        raise _final(failure, call)
    pause = tally.spend(kind)
    if pause is None:
        raise _exhausted(kind, failure, call)
    told = retry_after(failure.answer.headers) if isinstance(failure, DeclinedError) else None
    return max(pause, min(told or 0.0, _LONGEST_PAUSE))


def _kind(failure: ExchangeError) -> str | None:
    match failure:
        case NotSentError():
            return "connection"
        case NoAnswerError():
            return "busy"
        case MalformedError():
            return "malformed"
        case DeclinedError(answer=Answer(status=status)):
            return _KIND_OF_STATUS.get(status, "fault" if status >= 500 else None)
    return None


def _may_have_happened(failure: ExchangeError, kind: str | None) -> bool:
    """Whether a write may have taken effect: anything but no connection and a plain refusal."""
    if kind is None:
        return isinstance(failure, DeclinedError) and failure.answer.status < 400
    return kind != "connection"


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
    told = [body.get("message"), *(params.values() if isinstance(params, dict) else ())]
    texts = [each[:_READ_OF_A_MESSAGE] for each in told if isinstance(each, str)]
    found = [name for text in texts for name in _PERMISSION.findall(text)]
    return tuple(dict.fromkeys(found))[:_MOST_NAMED]


def error_code(answer: Answer) -> str:
    """The service's own word for an error; empty when the body has none that looks like one."""
    body = answer.body if isinstance(answer.body, dict) else {}
    code = body.get("code") or body.get("error")
    return code if isinstance(code, str) and _WORD.fullmatch(code) else ""


def error_text(answer: Answer) -> str:
    """The message of an error, for parsing only: it may quote what was sent."""
    body = answer.body if isinstance(answer.body, dict) else {}
    message = body.get("message")
    return message[:_READ_OF_A_MESSAGE] if isinstance(message, str) else ""


def _fields(answer: Answer) -> str:
    body = answer.body if isinstance(answer.body, dict) else {}
    details = body.get("details")
    items = details if isinstance(details, list) else []
    names = [item.get("fieldName") for item in items[:_MOST_NAMED] if isinstance(item, dict)]
    shown = [name for name in names if isinstance(name, str) and _WORD.fullmatch(name)]
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
