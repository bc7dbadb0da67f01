"""Which request goes to which handler. The names are what fault plans and counters use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from earmark.sandbox.api import (
    analytics,
    attributes,
    interactions,
    messages,
    platform,
    recordings,
    search,
    transcripts,
)
from earmark.sandbox.state import State
from earmark.sandbox.wire import Request, segments

Handler = Callable[[State, Request], Any]


@dataclass(frozen=True)
class Route:
    """A name, a method, a path with {parts}, and who answers. What is open wants no token and costs nothing."""

    name: str
    method: str
    path: str
    handler: Handler

    @property
    def is_storage(self) -> bool:
        return self.name.startswith("storage.")

    @property
    def is_open(self) -> bool:
        return self.is_storage or self.name == "token"

    def match(self, parts: list[str]) -> dict[str, str] | None:
        """Return the named parts of a path of equal length, or None where it is another path."""
        params = {}
        for pattern, part in zip(self.path.strip("/").split("/"), parts, strict=True):
            if pattern.startswith("{"):
                params[pattern.strip("{}")] = part
            elif pattern != part:
                return None
        return params


DETAILS = "/api/v2/analytics/conversations/details"
CONVERSATION = "/api/v2/conversations/{conversation}"
RECORDS = f"{CONVERSATION}/customattributes"
SCHEMAS = "/api/v2/conversations/customattributes/schemas"
MESSAGES = "/api/v2/conversations/messages/{conversation}"
SPEECH = "/api/v2/speechandtextanalytics/conversations/{conversation}/communications/{communication}"
FILES = "/sandbox-storage"

# Fixed words come before {parts} of the same length.
ROUTES = [
    Route("token", "POST", "/oauth/token", platform.token),
    Route("details.query", "POST", f"{DETAILS}/query", analytics.query),
    Route("details.several", "GET", DETAILS, analytics.several),
    Route("details.one", "GET", "/api/v2/analytics/conversations/{conversation}/details", analytics.one),
    Route("jobs.submit", "POST", f"{DETAILS}/jobs", analytics.submit_job),
    Route("jobs.availability", "GET", f"{DETAILS}/jobs/availability", analytics.availability),
    Route("jobs.status", "GET", f"{DETAILS}/jobs/{{job}}", analytics.job),
    Route("jobs.results", "GET", f"{DETAILS}/jobs/{{job}}/results", analytics.job_results),
    Route("jobs.cancel", "DELETE", f"{DETAILS}/jobs/{{job}}", analytics.cancel_job),
    Route("recordings", "GET", f"{CONVERSATION}/recordings", recordings.recordings),
    Route("recordings.one", "GET", f"{CONVERSATION}/recordings/{{recording}}", recordings.recording),
    Route("recordings.metadata", "GET", f"{CONVERSATION}/recordingmetadata", recordings.metadata),
    Route("batch.submit", "POST", "/api/v2/recording/batchrequests", recordings.submit_batch),
    Route("batch.status", "GET", "/api/v2/recording/batchrequests/{batch}", recordings.batch),
    Route(
        "storage.recording",
        "GET",
        f"{FILES}/recordings/{{conversation}}/{{recording}}",
        recordings.stored,
    ),
    Route(
        "storage.transcript",
        "GET",
        f"{FILES}/transcripts/{{conversation}}/{{communication}}",
        transcripts.stored,
    ),
    Route("messages.ids", "GET", MESSAGES, messages.ids),
    Route("messages.bulk", "POST", f"{MESSAGES}/messages/bulk", messages.bulk),
    Route("messages.one", "GET", f"{MESSAGES}/messages/{{message}}", messages.single),
    Route("transcripts.url", "GET", f"{SPEECH}/transcripturl", transcripts.url),
    Route("transcripts.urls", "GET", f"{SPEECH}/transcripturls", transcripts.urls),
    Route("schemas.list", "GET", SCHEMAS, attributes.schemas),
    Route("schemas.create", "POST", SCHEMAS, attributes.create_schema),
    Route("schemas.coretypes", "GET", f"{SCHEMAS}/coretypes", attributes.core_types),
    Route("schemas.coretype", "GET", f"{SCHEMAS}/coretypes/{{coretype}}", attributes.one_core_type),
    Route("schemas.limits", "GET", f"{SCHEMAS}/limits", attributes.limits),
    Route("schemas.get", "GET", f"{SCHEMAS}/{{schema}}", attributes.schema),
    Route("schemas.change", "PUT", f"{SCHEMAS}/{{schema}}", attributes.change_schema),
    Route("schemas.versions", "GET", f"{SCHEMAS}/{{schema}}/versions", attributes.schema_versions),
    Route("schemas.version", "GET", f"{SCHEMAS}/{{schema}}/versions/{{version}}", attributes.schema_version),
    Route("customattributes.search", "POST", "/api/v2/conversations/customattributes/search", search.search),
    Route("customattributes.put_bulk", "PUT", f"{RECORDS}/bulk", attributes.put_bulk),
    Route("customattributes.patch_bulk", "PATCH", f"{RECORDS}/bulk", attributes.patch_bulk),
    Route("customattributes.list", "GET", RECORDS, attributes.listing),
    Route("customattributes.get", "GET", f"{RECORDS}/{{record}}", attributes.get),
    Route("customattributes.put", "PUT", RECORDS, attributes.put),
    Route("customattributes.patch", "PATCH", RECORDS, attributes.patch),
    Route("customattributes.delete", "DELETE", f"{RECORDS}/{{record}}", attributes.delete),
    Route(
        "participants.patch",
        "PATCH",
        f"{CONVERSATION}/participants/{{participant}}/attributes",
        attributes.patch_participant,
    ),
    Route("conversation", "GET", CONVERSATION, messages.conversation),
    Route("limits", "GET", "/api/v2/organizations/limits/namespaces/{namespace}", platform.limits),
    Route("tokens.me", "GET", "/api/v2/tokens/me", platform.token_info),
    Route("tokens.me", "HEAD", "/api/v2/tokens/me", platform.token_info),
    Route("queues", "GET", "/api/v2/routing/queues", platform.queues),
    Route("interactions.list", "GET", interactions.PATH, interactions.listing),
    Route(
        "interactions.get",
        "GET",
        f"{interactions.PATH}/{{conversation}}/customAttributes",
        interactions.get_attributes,
    ),
    Route(
        "interactions.patch",
        "PATCH",
        f"{interactions.PATH}/{{conversation}}/customAttributes",
        interactions.patch_attributes,
    ),
]


UNKNOWN = Route("unknown", "", "", platform.nothing)


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route of a request, `UNKNOWN` where there is none, and the named parts of its path."""
    parts = segments(path)
    for route in _by_shape.get((method, len(parts)), []):
        params = route.match(parts)
        if params is not None:
            return route, params
    return UNKNOWN, {}


_by_shape: dict[tuple[str, int], list[Route]] = {}
for _route in ROUTES:
    _by_shape.setdefault((_route.method, len(segments(_route.path))), []).append(_route)
