"""What the service answers when it refuses: a status and Genesys Cloud's error body."""

from __future__ import annotations

from typing import Any

UNEXPECTED = "The server encountered an unexpected condition which prevented it from fulfilling the request."
OVERLOADED = (
    "Service Unavailable - The server is currently unavailable "
    "(because it is overloaded or down for maintenance)."
)
KNOWN = {
    400: ("bad.request", "The request could not be understood by the server due to malformed syntax."),
    401: ("bad.credentials", "Invalid login credentials."),
    403: ("not.authorized", "You are not authorized to perform the requested action."),
    404: ("not.found", "The requested resource was not found."),
    408: ("request.timeout", "The request timed out."),
    409: ("conflict", "The request conflicts with the current state of the target resource."),
    410: ("gone", "The requested resource is no longer available."),
    413: ("request.entity.too.large", "The request is over the size limit."),
    415: ("unsupported.media.type", "The content type of the request is not supported."),
    422: ("validation.failed", "The request was well formed but its content is not valid."),
    429: ("too.many.requests.retry.after", "Rate limit exceeded the maximum."),
    500: ("internal.server.error", UNEXPECTED),
    502: ("bad.gateway", "Bad Gateway"),
    503: ("service.unavailable", OVERLOADED),
    504: ("request.timeout", "The request timed out."),
}


class RefusalError(Exception):
    """Raised by a handler; becomes the reply `status` with the standard error body."""

    def __init__(
        self,
        status: int,
        message: str | None = None,
        *,
        code: str | None = None,
        details: list[dict[str, str]] | None = None,
    ) -> None:
        default_code, default_message = KNOWN.get(status, ("unknown", f"Status {status}"))
        super().__init__(message or default_message)
        self.status = status
        self.code = code or default_code
        self.message = message or default_message
        self.details = details or []

    def body(self, correlation_id: str) -> dict[str, Any]:
        return {
            "message": self.message,
            "code": self.code,
            "status": self.status,
            "contextId": correlation_id,
            "details": self.details,
            "errors": [],
        }


class TokenRefusalError(RefusalError):
    """The login host has an error body of its own (RFC 6749)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(status, description, code=error)

    def body(self, correlation_id: str) -> dict[str, Any]:
        return {"error": self.code, "description": self.message, "error_description": self.message}


def missing_permission(permission: str) -> RefusalError:
    return RefusalError(
        403,
        "Unable to perform the requested action. You must have at least one of the following permissions "
        f"assigned: [{permission}]",
        code="missing.any.permissions",
    )


def rate_exceeded(wait: int) -> RefusalError:
    return RefusalError(429, f"Rate limit exceeded the maximum. Retry the request in [{wait}] seconds")
