"""The documentation says what the program does: settings, verbs, states, exit codes, and commands that run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import Cli

from earmark.errors import EarmarkError
from earmark.model import State
from earmark.sandbox.faults import KINDS, FaultPlan
from earmark.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
VERBS = re.compile(r"(?:^|`|\$ )earmark ([a-z-]+)([^`\n#]*)", re.MULTILINE)
CHAT = {
    "id": "c1",
    "messages": [{"sender": "customer", "text": "the app keeps crashing, i was charged twice"}],
}


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def shown(default: object) -> str:
    if default is None or default in ([], {}):
        return ""
    if isinstance(default, list):
        return ", ".join(map(str, default))
    return str(default).lower() if isinstance(default, bool) else str(default)


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_documented_as_it_is(name: str) -> None:
    field = Settings.model_fields[name]
    row = f"| `{name}` | {field.description} | {shown(field.default)} | "
    assert row in page("configuration.md")


def test_every_member_of_the_json_report_is_documented() -> None:
    schema = json.loads((ROOT / "src/earmark/report/schema.json").read_text(encoding="utf-8"))
    told = page("report.md")
    assert schema["properties"]
    assert all(f"`{member}`" in told for member in schema["properties"] if member != "schema")
    assert "`earmark.report/1`" in told


def test_every_state_and_exit_code_is_documented() -> None:
    told = page("how-it-works.md")
    assert all(f"| `{state.value}` |" in told for state in State)
    kinds: list[type[EarmarkError]] = EarmarkError.__subclasses__()
    codes = {kind.exit_code for kind in kinds}
    assert all(f"\n| {code} |" in told for code in codes)


def test_every_kind_of_fault_is_documented_and_the_example_loads(tmp_path: Path) -> None:
    told = page("sandbox.md")
    assert all(f"`{kind}`" in told for kind in KINDS)
    (example,) = re.findall(r"```json\n(.*?)```", told, re.DOTALL)
    assert FaultPlan.load(json.loads(example))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_in_the_docs_exists_with_its_options(path: Path, cli: Cli) -> None:
    helps: dict[str, str] = {}
    for verb, rest in VERBS.findall(path.read_text(encoding="utf-8")):
        if verb not in helps:
            done = cli(verb, "--help")
            assert done.returncode == 0, f"earmark {verb} does not exist"
            helps[verb] = done.stdout
        missing = [option for option in re.findall(r"--[a-z-]+", rest) if option not in helps[verb]]
        assert not missing, f"earmark {verb} has no {missing}"


def test_the_commands_of_the_readme_run(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_text(json.dumps(CHAT) + "\n")
    commands = re.findall(
        r"^\$ earmark (.+)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert commands
    for command in commands:
        done = cli(*command.split())
        assert done.returncode == 0, f"earmark {command}: {done.stderr}"


def test_the_example_of_extraction_is_what_comes_out(cli: Cli, tmp_path: Path) -> None:
    text = "this app keeps crashing"
    documented = json.loads(re.findall(r"```json\n(.*?)```", page("extraction.md"), re.DOTALL)[0])
    done = cli("extract", "-", stdin=json.dumps({"id": "c1", "text": text}) + "\n")
    printed = json.loads(done.stdout)
    assert printed["entities"][0].keys() == documented["entities"][0].keys()
    assert printed["entities"][0]["mentions"][0] == documented["entities"][0]["mentions"][0]
    assert {
        key: printed["entities"][0][key] for key in ("label", "id", "name", "verdict", "confidence_kind")
    } == {
        key: documented["entities"][0][key] for key in ("label", "id", "name", "verdict", "confidence_kind")
    }


def test_links_between_pages_lead_somewhere() -> None:
    for path in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150


def test_help_imports_nothing_heavy() -> None:
    heavy = {"spacy", "sqlalchemy", "pyarrow", "httpx", "pydantic", "PureCloudPlatformClientV2", "numpy"}
    heavy |= {"onnxruntime", "torch"}
    script = f"import sys; import earmark.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
