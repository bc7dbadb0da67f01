"""One small tagger for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.extract.tagger.tiny import write_tiny


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a pipeline with random weights."""
    return write_tiny(tmp_path_factory.mktemp("tiny") / "pipeline")
