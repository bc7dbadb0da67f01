"""What every examined process needs, loaded once before it is forked: nothing of it is examined."""

from __future__ import annotations

import functools
import gc
import io
import sys
import tempfile
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import PureCloudPlatformClientV2
import rich.progress

import earmark.extract
import earmark.genesys.sdk
import earmark.sources.genesys
import earmark.sources.interactions
import earmark.undo
import earmark.writers.custom_attributes
import earmark.writers.interactions
import earmark.writers.participant_data
from earmark.cli import main
from earmark.extract import ExtractConfig
from earmark.extract.extractor import SpacyExtractor
from exam.conversations import furnish

__all__ = ["PureCloudPlatformClientV2", "earmark", "rich"]


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


def _rehearse() -> None:
    """Extract once, so that what is loaded on first use is loaded."""
    with tempfile.TemporaryDirectory() as place, chdir(place), redirect_stdout(io.StringIO()) as _:
        furnish(Path(place))
        sys.argv = ["earmark", "run", "--source", "chats.jsonl", *FINDING, "--writer", "files:out.jsonl"]
        with redirect_stderr(io.StringIO()) as told:
            try:
                main()
            except SystemExit as end:
                if end.code not in {0, None}:
                    raise RuntimeError(told.getvalue()) from None


FINDING = ("--model", "none", "--catalog", "catalog.csv")
_remember_pipelines()
_rehearse()
gc.collect()
gc.freeze()
