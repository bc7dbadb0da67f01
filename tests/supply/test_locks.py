"""What is installed is what was locked: every entry pinned and hashed, the locks in step with the project."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from requirements.lock import Pin, pins

ROOT = Path(__file__).parent.parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
INSTALLERS = [*LOCKS, *(ROOT / name for name in ("Makefile", "pyproject.toml", ".ci/run"))]
"""What says what is installed."""

SHA = "0" * 64


def locked(name: str) -> dict[str, list[Pin]]:
    found: dict[str, list[Pin]] = {}
    for pin in pins((ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")):
        found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def asked() -> list[tuple[str, str]]:
    """Lock and requirement, for everything that the project asks for."""
    runtime, groups = PROJECT["project"]["dependencies"], PROJECT["dependency-groups"]
    train = PROJECT["project"]["optional-dependencies"]["train"]
    wanted = {
        "runtime": runtime,
        "dev": [*runtime, *groups["dev"]],
        "train": [*runtime, *groups["dev"], *train],
    }
    wanted["dev"] += PROJECT["build-system"]["requires"]
    return [(name, requirement) for name, all_of_them in wanted.items() for requirement in all_of_them]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_entry_of_a_lock_is_pinned_and_has_hashes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(list(pins(text))) == len(re.findall(r"^[\w.\[\]-]+==", text, re.MULTILINE)) > 20


@pytest.mark.parametrize(
    "text",
    [
        "rich==15.0.0\n",
        "rich==15.0.0 \\\n    # via typer\n",
        f"rich>=15 \\\n    --hash=sha256:{SHA}\n",
        f"rich==15.* \\\n    --hash=sha256:{SHA}\n",
        f"rich \\\n    --hash=sha256:{SHA}\n",
        "rich==15.0.0 \\\n    --hash=sha256:abc\n",
        f"rich==15.0.0 \\\n    --hash=sha256:{SHA} \\\n    --config-settings=a=b\n",
        "-e .\n",
        "--extra-index-url somewhere\n",
    ],
)
def test_what_is_not_pinned_by_hash_is_no_lock(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(pins(text))


def test_an_entry_is_read_with_marker_hashes_and_who_wants_it() -> None:
    text = f"a-b==1.2 ; sys_platform == 'win32' \\\n    --hash=sha256:{SHA}\n    # via\n    #   c\n    #   d (x)\n"
    (pin,) = pins(text)
    assert (pin.name, pin.version, pin.hashes, pin.wanted_by) == ("a-b", "1.2", (SHA,), ("c", "d (x)"))
    assert str(pin.requirement.marker) == 'sys_platform == "win32"'


@pytest.mark.parametrize(("lock", "requirement"), asked(), ids=lambda value: value)
def test_a_lock_satisfies_what_the_project_asks_for(lock: str, requirement: str) -> None:
    wanted = Requirement(requirement)
    (pin, *_) = locked(lock)[canonicalize_name(wanted.name)]
    assert Version(pin.version) in wanted.specifier


def test_locks_agree_with_each_other() -> None:
    """What is tested, and what is trained with, is what is shipped."""
    runtime, dev, train = (locked(name) for name in ("runtime", "dev", "train"))
    for smaller, larger in ((runtime, dev), (dev, train)):
        assert smaller.keys() < larger.keys()
        for name, these in smaller.items():
            assert [(p.version, set(p.hashes)) for p in these] == [
                (p.version, set(p.hashes)) for p in larger[name]
            ]


def test_every_install_of_the_makefile_goes_by_hashes_or_takes_nothing() -> None:
    installs = re.findall(
        r"^\t.*\binstall\b.*$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(installs) >= 4
    for line in installs:
        assert "--require-hashes --only-binary :all: -r requirements/" in line or (
            "--no-deps --no-build-isolation" in line
        )


@pytest.mark.parametrize("path", INSTALLERS, ids=lambda path: path.name)
def test_nothing_that_installs_says_from_where(path: Path) -> None:
    """Where packages come from is the business of who installs them."""
    told = path.read_text(encoding="utf-8")
    assert not re.findall(r"\w+://\S+|--(?:extra-)?index\S*|--find\S*", told)
