"""A Genesys Cloud on this machine: stateful, seeded, and as unreliable as a fault plan makes it.

It speaks the part of the public API that Earmark uses, well enough that the official SDK does not notice,
and the interactions contract. Nothing here is shared with the adapters, so that a mistake in them shows.

    with Sandbox() as sandbox:
        print(sandbox.url, sandbox.client_id, sandbox.client_secret)

`GET /sandbox/snapshot` and `GET /sandbox/stats` show any process what was written and what was asked for.
"""

from earmark.sandbox.faults import FaultPlan, FaultPlanError
from earmark.sandbox.seed import SeedError, default_conversations, load_conversations
from earmark.sandbox.server import Sandbox, serve_forever
from earmark.sandbox.state import Write

__all__ = [
    "FaultPlan",
    "FaultPlanError",
    "Sandbox",
    "SeedError",
    "Write",
    "default_conversations",
    "load_conversations",
    "serve_forever",
]
