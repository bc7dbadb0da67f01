"""A recipe file sets what it names, and a slip in it is told by its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from earmark.errors import ConfigError
from earmark.train.recipe import Recipe, read_recipe

COMMITTED = Path(__file__).parents[2] / "training" / "recipe.toml"


def test_what_a_recipe_leaves_out_keeps_its_default(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text("epochs = 7\nseeds = [3, 4]\n[noise]\nlower = 0.5\n")
    recipe = read_recipe(file)
    assert (recipe.epochs, recipe.seeds, recipe.noise.lower) == (7, (3, 4), 0.5)
    assert recipe.dropout == Recipe().dropout
    assert recipe.noise.upper == Recipe().noise.upper


def test_the_packaged_models_recipe_can_be_read() -> None:
    assert read_recipe(COMMITTED).seeds


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("epoch = 3", "no setting 'epoch'"),
        ("epochs = 'many'", "epochs"),
        ("epochs = ", "not TOML"),
        ("[noise]\nlower = 'much'", "noise.lower"),
    ],
)
def test_a_slip_in_a_recipe_is_told_by_its_place(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=told):
        read_recipe(file)


def test_a_recipe_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_recipe(tmp_path / "none.toml")
