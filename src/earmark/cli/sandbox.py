"""`earmark sandbox`: a Genesys Cloud on this machine, for rehearsals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli import common
from earmark.errors import ConfigError, InputError

if TYPE_CHECKING:
    from earmark.sandbox import Sandbox


def sandbox(
    conversations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Seed it with this JSONL file instead of the built-in chats."),
    ] = None,
    faults: Annotated[Path | None, typer.Option(metavar="PLAN", help="What is to go wrong, as JSON.")] = None,
    port: Annotated[int, typer.Option(help="The port; any free one by default.")] = 0,
    rate_limit: Annotated[int, typer.Option(min=1, help="Requests allowed a minute.")] = 300,
    no_schema: Annotated[
        bool, typer.Option("--no-schema", help="Start without the conversation schema.")
    ] = False,
) -> None:
    """Start a loopback Genesys Cloud with state and faults; Ctrl-C stops it."""
    from earmark.sandbox import serve_forever

    opened = open_sandbox(conversations, faults, port=port, rate_limit=rate_limit, schema=not no_schema)
    with opened:
        common.talk("The sandbox is up. In another terminal:\n")
        for variable, value in environment(opened).items():
            common.say(f"export {variable}={value}")
        common.talk("\n  earmark run --source genesys --since 9w\n\nCtrl-C stops it.")
        serve_forever(opened)


def open_sandbox(
    conversations: Path | None,
    faults: Path | None,
    *,
    port: int = 0,
    rate_limit: int = 300,
    schema: bool = True,
) -> Sandbox:
    """A sandbox that is not started yet.

    Raises:
        ConfigError: The fault plan makes no sense, or the port is taken.
        InputError: The conversations cannot be read.
    """
    from earmark.sandbox import FaultPlan, FaultPlanError, Sandbox, SeedError, load_conversations

    try:
        plan = FaultPlan.load(faults) if faults else None
        seeds = load_conversations(conversations) if conversations else None
        return Sandbox(seeds, faults=plan, port=port, rate_limit=rate_limit, schema=schema)
    except FaultPlanError as error:
        raise ConfigError(f"the fault plan cannot be used: {error}") from None
    except SeedError as error:
        raise InputError(f"the conversations cannot be used: {error}") from None
    except OSError as error:
        raise InputError(f"{conversations} cannot be read: {error.strerror}") from None


def environment(opened: Sandbox) -> dict[str, str]:
    """The variables that point Earmark at a sandbox."""
    return {
        "GENESYSCLOUD_REGION": opened.url,
        "GENESYSCLOUD_OAUTHCLIENT_ID": opened.client_id,
        "GENESYSCLOUD_OAUTHCLIENT_SECRET": opened.client_secret,
        "EARMARK_CATALOG": str(catalog()),
    }


def catalog() -> Path:
    """The catalog that goes with the built-in chats."""
    from earmark import sandbox

    return Path(sandbox.__file__).parent / "data" / "catalog.csv"
