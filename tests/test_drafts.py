"""Files appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from earmark.drafts import drafted


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with drafted(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"new", [path])


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_half_way_leaves_the_earlier_file_and_nothing_else(
    tmp_path: Path, trouble: BaseException
) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b"old")

    def fail_half_way() -> None:
        with drafted(path) as file:
            file.write(b"half")
            raise trouble

    with pytest.raises(type(trouble)):
        fail_half_way()
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"old", [path])


def test_a_missing_folder_is_the_callers_to_explain(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), drafted(tmp_path / "nowhere" / "report.json"):
        pass
