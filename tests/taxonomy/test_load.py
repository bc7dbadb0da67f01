"""A user's files of issue types: what they can change, and what is refused."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from earmark.errors import CatalogError, ConfigError
from earmark.taxonomy import Taxonomy, load_taxonomy

CREMA = """
[[type]]
id = "crema"
name = "No crema"
group = "coffee"
patterns = ["no crema", "not <few>crema"]
"""


def write(folder: Path, text: str, name: str = "own.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def type_id(taxonomy: Taxonomy, phrase: str) -> str | None:
    kind = taxonomy.type_of(phrase)
    return kind.id if kind else None


def test_a_type_of_ones_own_is_tried_before_ours(tmp_path: Path) -> None:
    row = '[[type]]\nid = "roaming"\nname = "Roaming charge"\ngroup = "money"\npatterns = ["charge <few>roaming"]\n'
    taxonomy = load_taxonomy([write(tmp_path, CREMA + row)])
    assert type_id(taxonomy, "there isn't any crema") == "crema"
    assert type_id(taxonomy, "Charged me for roaming") == "roaming"
    assert type_id(taxonomy, "charged twice") == "billing"
    assert type_id(load_taxonomy(), "charged me for roaming") == "billing"


def test_the_documented_example_does_what_it_says(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "issue-types.md").read_text(encoding="utf-8")
    taxonomy = load_taxonomy([write(tmp_path, re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[0])])
    assert type_id(taxonomy, "there's no crema") == "crema"
    assert type_id(taxonomy, "doesn't make any froth") == "crema"
    assert type_id(taxonomy, "not good at froth art") != "crema"
    assert taxonomy.type_of("ribbon ran out") == taxonomy.type_of("paper jam")
    assert "booking" not in {kind.id for kind in taxonomy.types}


def test_words_as_they_are_written_are_found_as_well_as_base_forms(tmp_path: Path) -> None:
    row = '[[type]]\nid = "x"\nname = "X"\ngroup = "g"\npatterns = ["^gizmo\'s humming$"]\n'
    assert type_id(load_taxonomy([write(tmp_path, row)]), "Gizmo’s  humming") == "x"


def test_a_change_adds_patterns_and_renames_for_all_patterns(tmp_path: Path) -> None:
    path = write(tmp_path, '[[change]]\nid = "print"\nname = "Label printer"\npatterns = ["ribbon"]\n')
    taxonomy = load_taxonomy([path])
    named = {(kind.id, kind.name) for kind in map(taxonomy.type_of, ["ribbon snapped", "paper jam"]) if kind}
    assert named == {("print", "Label printer")}
    assert load_taxonomy().type_of("paper jam") != taxonomy.type_of("paper jam")


def test_a_change_keeps_a_type_from_phrases(tmp_path: Path) -> None:
    path = write(tmp_path, '[[change]]\nid = "crash"\nunless = ["car"]\n')
    assert type_id(load_taxonomy([path]), "car crashes in the game") != "crash"
    assert type_id(load_taxonomy([path]), "game crashes") == "crash"


def test_a_type_that_is_off_is_given_to_nothing(tmp_path: Path) -> None:
    taxonomy = load_taxonomy([write(tmp_path, '[[change]]\nid = "crash"\noff = true\n')])
    assert "crash" not in {kind.id for kind in taxonomy.types}
    assert type_id(taxonomy, "app crashes") != "crash"


def test_a_file_may_change_what_an_earlier_one_added(tmp_path: Path) -> None:
    more = write(
        tmp_path, '[[change]]\nid = "crema"\ngroup = "barista"\npatterns = ["thin crema"]\n', "more.toml"
    )
    kind = load_taxonomy([write(tmp_path, CREMA), more]).type_of("thin crema")
    assert kind is not None
    assert (kind.id, kind.name, kind.group) == ("crema", "No crema", "barista")


@pytest.mark.parametrize(
    "change", ['name = "Freezes"', 'group = "apps"', 'patterns = ["zzz"]', "off = true", 'unless = ["z"]']
)
def test_any_change_changes_the_fingerprint(tmp_path: Path, change: str) -> None:
    path = write(tmp_path, f'[[change]]\nid = "crash"\n{change}\n')
    assert load_taxonomy([path]).fingerprint != load_taxonomy().fingerprint
    assert load_taxonomy([path]).fingerprint == load_taxonomy([path]).fingerprint


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert load_taxonomy([write(tmp_path, "# nothing yet\n")]).fingerprint == load_taxonomy().fingerprint


TYPE = '[[type]]\nid = "x"\nname = "X"\ngroup = "g"\n'
REFUSED = [
    ("patterns = [", "not a file of issue types"),
    ("[words]\na = 'b'\n", "'words' is unknown"),
    ("type = 3\n", "'type' is unknown"),
    ("type = [1]\n", "'type' is unknown"),
    ('[[type]]\nname = "X"\n', "type 'number 1' has no usable id"),
    ('[[type]]\nid = "A b"\nname = "X"\n', "type 'A b' has no usable id"),
    ('[[type]]\nid = "x"\ngroup = "g"\npatterns = ["a"]\n', "type 'x' has no name"),
    (TYPE, "type 'x' has no patterns"),
    (TYPE + "patterns = []\n", "type 'x' has no patterns"),
    (TYPE + 'patterns = "a"\n', "patterns is no list of texts"),
    (TYPE + "patterns = [1]\n", "patterns is no list of texts"),
    (TYPE + 'pattern = ["a"]\n', "unknown key 'pattern'"),
    (TYPE + 'off = true\npatterns = ["a"]\n', "unknown key 'off'"),
    (TYPE + 'patterns = ["(a"]\n', "type 'x': the pattern '(a' cannot be used"),
    (TYPE + 'patterns = ["a*"]\n', "matches the empty text"),
    (TYPE + 'patterns = ["a", ""]\n', "matches the empty text"),
    (TYPE + "patterns = ['(?=a)']\n", "cannot be used"),
    (TYPE + "patterns = ['(a)\\1']\n", "cannot be used"),
    (TYPE + "patterns = ['((a{100}){100}){100}']\n", "cannot be used"),
    (TYPE + 'patterns = ["<nonsense> x"]\n', "names 'nonsense'"),
    ('[[type]]\nid = "x"\nname = "a\\nb"\ngroup = "g"\npatterns = ["a"]\n', "name is no text"),
    (f'[[type]]\nid = "x"\nname = "{"n" * 81}"\ngroup = "g"\npatterns = ["a"]\n', "name is no text"),
    (
        '[[type]]\nid = "crash"\nname = "X"\ngroup = "g"\npatterns = ["a"]\n',
        "there is already a type with this id",
    ),
    (TYPE + 'patterns = ["a"]\n' + TYPE + 'patterns = ["b"]\n', "there is already a type with this id"),
    ('[[change]]\nid = "krash"\noff = true\n', "there is no type with this id"),
    ('[[change]]\nid = "crash"\noff = 1\n', "off is neither true nor false"),
    ('[[change]]\nid = "crash"\ncolour = 1\n', "unknown key 'colour'"),
]


@pytest.mark.parametrize(("text", "complaint"), REFUSED, ids=[complaint for _, complaint in REFUSED])
def test_what_cannot_be_used_is_refused_with_file_and_entry(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(CatalogError) as refused:
        load_taxonomy([path])
    assert complaint in refused.value.message
    assert path.name in refused.value.message
    assert isinstance(refused.value, ConfigError)


def test_unreadable_files_are_refused_by_name(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes('[[type]]\nid = "é"'.encode("latin-1"))
    for path in (tmp_path / "none.toml", tmp_path, latin):
        with pytest.raises(CatalogError, match=path.name):
            load_taxonomy([path])


def test_a_pattern_that_would_be_catastrophic_elsewhere_is_linear(tmp_path: Path) -> None:
    taxonomy = load_taxonomy([write(tmp_path, TYPE + "patterns = ['(a+)+(a+)+(a+)+b']\n")])
    began = time.perf_counter()
    assert type_id(taxonomy, "a" * 1000) is None
    assert time.perf_counter() - began < 0.5
