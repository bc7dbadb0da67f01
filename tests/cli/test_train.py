"""`earmark train` as a user meets it where the training extra is not installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from tests.conftest import Cli


@pytest.mark.skipif(find_spec("torch") is not None, reason="the training extra is installed")
def test_without_the_training_extra_it_says_what_to_install_before_reading_anything(cli: Cli) -> None:
    done = cli("train", "--data", "nowhere.jsonl", "--out", "ours")
    assert done.returncode == 2
    assert "torch" in done.stderr
    assert 'pip install "earmark[train]"' in done.stderr
    assert "nowhere" not in done.stderr


def test_its_options_are_told_without_loading_anything(cli: Cli) -> None:
    done = cli("train", "--help")
    assert done.returncode == 0
    assert all(option in done.stdout for option in ("--data", "--dev", "--recipe", "--refit", "--seed"))
