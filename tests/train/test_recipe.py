"""A recipe file sets what it names, and a slip in it is told by its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from earmark.errors import ConfigError
from earmark.train.recipe import Recipe, read_recipe

COMMITTED = Path(__file__).parents[2] / "training"


def test_what_a_recipe_leaves_out_keeps_its_default(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text("epochs = 7\nseeds = [3, 4]\n[noise]\nlower = 0.5\n")
    recipe = read_recipe(file)
    assert (recipe.epochs, recipe.seeds, recipe.noise.lower) == (7, (3, 4), 0.5)
    assert recipe.dropout == Recipe().dropout
    assert recipe.noise.upper == Recipe().noise.upper


@pytest.mark.parametrize("name", ["recipe.toml", "recipe-second.toml"])
def test_the_packaged_models_recipes_can_be_read(name: str) -> None:
    assert read_recipe(COMMITTED / name).seeds


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("epoch = 3", "no setting 'epoch'"),
        ("epochs = 'many'", "epochs"),
        ("epochs = ", "not TOML"),
        ("[noise]\nlower = 'much'", "noise.lower"),
        ("[noise]\nlowr = 0.5", "no setting 'noise.lowr'"),
        ("[noise]\nlower = 1.5", "noise.lower"),
        ("noise = 3", "noise"),
        ("epochs = 0", "epochs"),
        ("patience = 0", "patience"),
        ("batch_pieces = -5", "batch_pieces"),
        ("seeds = []", "seeds"),
        ("seeds = [-1]", "seeds.0"),
        ("seeds = [99999999999999999999]", "seeds.0"),
        ("dropout = 2.0", "dropout"),
        ("label_smoothing = 5", "label_smoothing"),
        ("learning_rate = nan", "learning_rate"),
        ("learning_rate = -0.001", "learning_rate"),
    ],
)
def test_a_slip_in_a_recipe_is_told_by_its_place(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=told):
        read_recipe(file)


def test_a_recipe_in_another_encoding_is_a_configuration_error(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_bytes(b"epochs = 1 # \xff\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_recipe(file)


def test_a_recipe_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_recipe(tmp_path / "none.toml")
