"""A calibration file holds its own hash: what was changed after it was made is told, and not used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from earmark.calibrate.files import PACKAGED, read_calibration, write_calibration
from earmark.errors import ConfigError

CONTENT = PACKAGED.read_text(encoding="utf-8")


def changed(*path: str, to: object) -> str:
    values = json.loads(CONTENT)
    part = values
    for step in path[:-1]:
        part = part[step]
    assert part[path[-1]] != to
    part[path[-1]] = to
    return json.dumps(values)


@pytest.mark.parametrize(
    "content",
    [
        changed("labels", "PRODUCT", "intercept", to=0.5),
        changed("certificates", "ISSUE", "threshold", to=0.01),
        changed("made_for", "model_hash", to="0"),
        changed("fitted", "provisional", to=True),
        changed("fitted", "note", to="better now"),
        changed("sha256", to="0" * 64),
        changed("sha256", to=""),
        changed("sha256", to=[]),
    ],
)
def test_a_changed_calibration_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="was changed after it was made") as caught:
        read_calibration(tmp_path / "calibration.json")
    assert str(tmp_path / "calibration.json") in caught.value.message


def test_a_flipped_bit_changes_nothing_or_is_told(tmp_path: Path) -> None:
    """In one place of a hundred. What passes is white space, or the name that the hash stands under."""
    original = read_calibration(PACKAGED)
    content, path = PACKAGED.read_bytes(), tmp_path / "calibration.json"
    told = 0
    for place in range(0, len(content), 101):
        spoilt = bytearray(content)
        spoilt[place] ^= 1
        path.write_bytes(spoilt)
        try:
            assert read_calibration(path) == original, place
        except ConfigError:
            told += 1
    assert told > len(content) / 202


def test_written_and_read_again_it_is_the_same_and_sealed(tmp_path: Path) -> None:
    original = read_calibration(PACKAGED)
    write_calibration(original, tmp_path / "calibration.json")
    assert read_calibration(tmp_path / "calibration.json") == original
    assert json.loads((tmp_path / "calibration.json").read_text())["sha256"] == original.hash
    assert json.loads(CONTENT)["sha256"] == original.hash


def test_one_without_its_hash_is_read_as_it_is(tmp_path: Path) -> None:
    """For whoever edits a calibration on purpose."""
    values = json.loads(CONTENT)
    del values["sha256"]
    (tmp_path / "calibration.json").write_text(json.dumps(values), encoding="utf-8")
    assert read_calibration(tmp_path / "calibration.json") == read_calibration(PACKAGED)
