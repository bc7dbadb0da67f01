"""Pre-signed URLs of stored files. They want no bearer token and live for ten minutes."""

from __future__ import annotations

from hashlib import sha256

from earmark.sandbox.refusals import RefusalError
from earmark.sandbox.state import State
from earmark.sandbox.wire import Reply, Request

LIFETIME_SECONDS = 600


def signed_url(state: State, request: Request, path: str) -> str:
    """Return an absolute URL on the host that the request came to."""
    host, issued = request.headers.get("host", "127.0.0.1"), int(state.clock())
    expiry = f"X-Amz-Expires={LIFETIME_SECONDS}&issued={issued}"
    return f"http://{host}{path}?{expiry}&X-Amz-Signature={_signature(path, str(issued))}"


def check_signature(state: State, request: Request) -> None:
    """Let a request with a living signature and nothing else pass.

    Raises:
        RefusalError: 400 for a request that also carries a token, 403 for an old or forged URL.
    """
    if "authorization" in request.headers:
        raise RefusalError(400, "Only one authentication mechanism is allowed.", code="InvalidArgument")
    issued = request.query.get("issued", "")
    if request.query.get("X-Amz-Signature") != _signature(request.path, issued):
        raise RefusalError(403, "The signature does not match.", code="SignatureDoesNotMatch")
    if state.clock() - int(issued) > LIFETIME_SECONDS:
        raise RefusalError(403, "Request has expired", code="AccessDenied")


def refusal_as_xml(refusal: RefusalError) -> Reply:
    body = f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
    return Reply(refusal.status, body.encode(), "application/xml")


def _signature(path: str, issued: str) -> str:
    return sha256(f"storage/{path}/{issued}".encode()).hexdigest()
