"""Where a training may write, and that two never write to the same place."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from earmark.errors import BusyError, ConfigError
from earmark.train.workplace import destination, workplace


def test_a_folder_that_is_new_empty_or_a_pipeline_is_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "meta.json").write_text("{}")
    for name in ("new", "empty", "pipeline", "deep/er"):
        assert destination(tmp_path / name, tmp_path / "start") == (tmp_path / name).resolve()


@pytest.mark.parametrize(
    ("out", "told"),
    [
        ("file", "is no folder"),
        ("documents", "no pipeline"),
        ("start", "starts from"),
        ("documents/../start", "starts from"),
        ("/", "cannot be"),
    ],
)
def test_what_cannot_be_written_to_is_told_before_anything_is_learned(
    tmp_path: Path, out: str, told: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "start").mkdir()
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "letter.txt").write_text("")
    with pytest.raises(ConfigError, match=told):
        destination(tmp_path / out, tmp_path / "start")


def test_a_second_training_to_the_same_folder_is_asked_to_wait(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with (
        workplace(out, "one"),
        pytest.raises(BusyError, match="another training"),
        workplace(out, "two"),
    ):
        pass
    assert not list(tmp_path.iterdir())


def interrupted(out: Path, key: str) -> None:
    """A training that stops after its first run."""
    with suppress(KeyboardInterrupt), workplace(out, key) as folder:
        (folder / "run").write_text("")
        raise KeyboardInterrupt


def test_what_was_finished_stays_after_an_error_and_goes_when_all_is_done(tmp_path: Path) -> None:
    out = tmp_path / "out"
    interrupted(out, "key")
    with workplace(out, "key") as folder:
        assert (folder / "run").exists()
        (folder / "half.partial").write_text("")
    assert not list(tmp_path.iterdir())


def test_what_another_recipe_has_finished_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    interrupted(out, "other")
    with workplace(out, "key"):
        pass
    assert [path.name for path in (tmp_path / "out.work").iterdir()] == ["other"]
