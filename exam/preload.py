"""What every examined process needs, loaded once before it is forked: nothing of it is examined."""

from __future__ import annotations

import functools
import gc
import io
import os
import ssl
import sys
import tempfile
import threading
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import rich.progress
import typer.main

import earmark.extract
import earmark.genesys.sdk
import earmark.sources.genesys
import earmark.sources.interactions
import earmark.undo
import earmark.writers.custom_attributes
import earmark.writers.interactions
import earmark.writers.participant_data
from earmark import taxonomy
from earmark.cli import main
from earmark.extract import ExtractConfig
from earmark.extract.extractor import SpacyExtractor
from earmark.sandbox import Sandbox
from exam.conversations import furnish, seeds
from exam.organisation import pointed_at

__all__ = ["earmark", "rich"]


def _remember_pipelines() -> None:
    """An extractor is the same whenever its configuration is: build it once, not once a process."""
    build = earmark.extract.open_extractor
    built: dict[str, SpacyExtractor] = {}

    @functools.wraps(build)
    def remembered(config: ExtractConfig | None = None) -> SpacyExtractor:
        key = repr(config)
        if key not in built:
            built[key] = build(config)
        return built[key]

    earmark.extract.open_extractor = remembered


def _remember_what_never_changes() -> None:
    """The parsed command line, certificates of a host that is not asked for any, our own issue types."""
    for module, name in ((typer.main, "get_command"), (ssl, "create_default_context")):
        setattr(module, name, functools.cache(getattr(module, name)))
    load, ours = taxonomy.load_taxonomy, taxonomy.load_taxonomy()
    taxonomy.load_taxonomy = lambda paths=(): load(paths) if paths else ours


def _rehearse() -> None:
    """Run once over files and once over a sandbox, so that what is loaded on first use is loaded."""
    with (
        tempfile.TemporaryDirectory() as place,
        chdir(place),
        Sandbox(seeds(), rate_limit=600_000) as sandbox,
    ):
        furnish(Path(place))
        os.environ |= pointed_at(sandbox)
        for command in (
            ("run", "--source", "chats.jsonl", *FINDING, "--writer", "files:out.jsonl"),
            ("run", "--source", "genesys", "--since", "9w", *FINDING),
            ("undo",),
            ("report", "--json"),
        ):
            _quietly(command)


def _quietly(command: tuple[str, ...]) -> None:
    sys.argv = ["earmark", *command]
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as told:
        try:
            main()
        except SystemExit as end:
            if end.code not in {0, 3, None}:
                raise RuntimeError(told.getvalue()) from None


FINDING = ("--model", "none", "--catalog", "catalog.csv")
_remember_pipelines()
_remember_what_never_changes()
_rehearse()
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join(10)
if threading.active_count() > 1:
    raise RuntimeError(f"{threading.enumerate()} are left: a fork would not be safe")
gc.collect()
gc.freeze()
