"""What a calibration is made for: everything that changes which candidates there are, or what they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from earmark.assemble import workshop
from earmark.calibrate import running
from earmark.settings import load

CATALOG = "id,name\nprd-hub2,Hub 2\n"
TYPES = '[[type]]\nid = "hum"\nname = "Humming"\ngroup = "noise"\npatterns = ["hum"]\n'


def made_for(**told: Any) -> dict[str, str]:
    """What is running under these settings, in a folder without any of its own."""
    with workshop(load(scorer="evidence", **told), lambda _text: None) as shop:
        return running(shop.extractor(), shop.linkers())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "catalog.csv").write_text(CATALOG)
    (tmp_path / "types.toml").write_text(TYPES)
    return tmp_path


@pytest.mark.parametrize(
    ("told", "changed"),
    [
        ({}, set()),
        ({"threshold": 0.5, "review": 0.1, "workers": 2}, set()),
        ({"catalog": [Path("catalog.csv")]}, {"catalog", "names"}),
        ({"rules": False}, {"rules"}),
        ({"rules": True}, {"rules"}),
        ({"senders": ["customer"]}, {"reading"}),
        ({"label_map": {"PRODUCT": "PRODUCT"}}, {"reading"}),
        ({"issue_types": [Path("types.toml")]}, {"names"}),
        ({"model": "none"}, {"model", "model_hash", "rules"}),
    ],
)
def test_each_setting_that_changes_what_is_found_is_told_apart(
    here: Path, told: dict[str, Any], changed: set[str]
) -> None:
    """A certificate is void by these; `--rules` lets rules find by themselves what otherwise they only name."""
    usual, now = made_for(), made_for(**told)
    assert {name for name in usual | now if usual[name] != now[name]} == changed
