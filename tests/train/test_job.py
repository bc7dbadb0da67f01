"""A training from files to a pipeline that finds what it was taught. Needs the training extra."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed: `make test-train`")

import spacy  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from tests.conftest import Cli  # noqa: E402

from earmark.errors import ConfigError, InputError  # noqa: E402
from earmark.train.augment import Noise  # noqa: E402
from earmark.train.examples import TAGS  # noqa: E402
from earmark.train.fit import Step  # noqa: E402
from earmark.train.job import Task, Teller, train  # noqa: E402
from earmark.train.network import Size, Tagger  # noqa: E402
from earmark.train.recipe import GENTLE, Recipe  # noqa: E402

THINGS = ("kettle", "router", "tablet", "camera", "printer", "heater", "speaker", "drone")
FAULTS = ("leaks", "is broken", "keeps freezing", "won't start", "overheats")
PIECES = sorted({*"abcdefghijklmnopqrstuvwxyz'", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz'")})
WORDS = sorted({word for text in (*THINGS, *FAULTS) for word in text.split()} | {"my", "the", "hello"})
QUICK = Recipe(
    epochs=25,
    patience=25,
    batch_pieces=128,
    learning_rate=3e-3,
    head_factor=1,
    chain_factor=3,
    dropout=0.0,
    learn_words=True,
    noise=Noise(0, 0, 0),
)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a tiny BERT with random weights."""
    folder = tmp_path_factory.mktemp("start")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *PIECES, *WORDS]
    torch.manual_seed(1)
    size = Size(len(vocabulary), hidden=32, layers=1, heads=2, inner=64, positions=128, types=2)
    state = Tagger(size, TAGS, 0.0).state_dict()
    kept = {name: values for name, values in state.items() if name.split(".")[0] in ("embeddings", "encoder")}
    save_file(kept, folder / "model.safetensors")
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    (folder / "config.json").write_text('{"num_attention_heads": 2}')
    return folder


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some hundred one-message conversations: my THING FAULT."""
    path = tmp_path_factory.mktemp("data") / "chats.jsonl"
    rows = []
    for number in range(400):
        thing, fault = THINGS[number % 8], FAULTS[number % 5]
        text = f"{'my' if number % 3 else 'the'} {thing} {fault}"
        at = text.index(thing), text.index(fault)
        spans = [
            {"start": at[0], "end": at[0] + len(thing), "label": "PRODUCT"},
            {"start": at[1], "end": at[1] + len(fault), "label": "ISSUE"},
        ]
        message = {"sender": "customer", "text": text, "spans": spans}
        greeting = {"sender": "agent", "text": "hello " * (number % 4 + 1), "spans": []}
        rows.append({"id": f"c{number}", "messages": [greeting, message]})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


class Notes:
    """Keeps what a training told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, Step]] = []
        self.lines: list[str] = []
        self.teller = Teller(lambda run, step: self.steps.append((run, step)), self.lines.append)


@pytest.fixture(scope="session")
def trained(start: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "first"
    train(Task((data,), out, start, QUICK), Notes().teller)
    return out


def test_a_trained_pipeline_finds_what_it_was_taught(trained: Path) -> None:
    doc = spacy.load(trained)("my drone overheats")
    assert [(span.text, span.label_) for span in doc.ents] == [("drone", "PRODUCT"), ("overheats", "ISSUE")]
    assert all(0.5 < span._.probability <= 1 for span in doc.spans["earmark"])


def test_the_card_tells_data_figures_and_hash(trained: Path, data: Path) -> None:
    card = (trained / "README.md").read_text()
    config = json.loads((trained / "earmark_spans" / "config.json").read_text())
    assert data.name in card
    assert config["sha256"]["model.onnx"] in card
    assert "| PRODUCT | " in card
    assert not trained.with_name("first.work").exists()


def test_training_goes_on_from_a_pipeline_that_was_trained_before(
    trained: Path, data: Path, tmp_path: Path
) -> None:
    slow = Recipe(epochs=1, learning_rate=1e-9, noise=Noise(0, 0, 0))
    figures = train(Task((data,), tmp_path / "second", trained, slow), Notes().teller)
    assert figures["ISSUE"].overlap > 0.9
    assert figures["PRODUCT"].exact > 0.9


def test_seeds_give_the_same_model_again_and_runs_that_were_finished_are_not_repeated(
    start: Path, data: Path, tmp_path: Path
) -> None:
    short = Recipe(epochs=1, seeds=(1, 2))
    outs = []
    for name in ("one", "two"):
        train(Task((data,), tmp_path / name, start, short), Notes().teller)
        outs.append((tmp_path / name / "earmark_spans" / "model.onnx").read_bytes())
    assert outs[0] == outs[1]


def test_an_interrupted_training_keeps_the_runs_that_were_finished(
    start: Path, data: Path, tmp_path: Path
) -> None:
    class StoppedError(Exception):
        pass

    def stop(run: str, _: Step) -> None:
        if run == "fit 2":
            raise StoppedError

    task = Task((data,), tmp_path / "out", start, Recipe(epochs=1, seeds=(1, 2)))
    with pytest.raises(StoppedError):
        train(task, Teller(stop, lambda _: None))
    again = Notes()
    train(task, again.teller)
    assert {run for run, _ in again.steps} == {"fit 2"}
    assert "fit 1 was finished before" in again.lines


def test_refitting_keeps_the_measured_model_beside_the_one_that_saw_everything(
    start: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    train(Task((data,), out, start, Recipe(epochs=1), refit=True), Notes().teller)
    assert (tmp_path / "out.measured" / "meta.json").exists()
    assert "once more" in (out / "README.md").read_text()
    assert "once more" not in (tmp_path / "out.measured" / "README.md").read_text()


def test_refitting_runs_only_the_seeds_whose_weights_were_kept(
    start: Path, data: Path, tmp_path: Path
) -> None:
    notes = Notes()
    recipe = Recipe(epochs=1, learning_rate=3e-3, seeds=(1, 2, 2))
    train(Task((data,), tmp_path / "out", start, recipe, refit=True), notes.teller)
    (kept,) = [line.removesuffix(" is kept") for line in notes.lines if line.endswith(" is kept")]
    wanted = {"refit 1", "refit 2"} if "average" in kept else {f"refit {kept.split()[1]}"}
    runs = [run for run, step in notes.steps if step.done == 1]
    assert runs == ["fit 1", "fit 2", *sorted(wanted)]
    assert "- kept: " in (tmp_path / "out" / "README.md").read_text()


def test_a_development_set_of_other_content_begins_anew_and_is_named_in_the_card(
    start: Path, data: Path, tmp_path: Path
) -> None:
    class StoppedError(Exception):
        pass

    def stop(run: str, _: Step) -> None:
        if run == "fit 2":
            raise StoppedError

    rows = data.read_text().splitlines(keepends=True)
    learned, dev = tmp_path / "learned.jsonl", tmp_path / "de|v.jsonl"
    learned.write_text("".join(rows[:300]))
    dev.write_text("".join(rows[300:]))
    task = Task((learned,), tmp_path / "out", start, Recipe(epochs=1, seeds=(1, 2)), dev=(dev,))
    with pytest.raises(StoppedError):
        train(task, Teller(stop, lambda _: None))
    dev.write_text("".join(rows[350:]))
    again = Notes()
    train(task, again.teller)
    assert {run for run, _ in again.steps} == {"fit 1", "fit 2"}
    assert "| de\\|v.jsonl | 50 |" in (tmp_path / "out" / "README.md").read_text()


def test_a_training_that_goes_astray_says_so_and_writes_nothing(
    start: Path, data: Path, tmp_path: Path
) -> None:
    wild = Recipe(epochs=9, patience=9, learning_rate=1e38, learn_words=True)
    with pytest.raises(ConfigError, match="went astray"):
        train(Task((data,), tmp_path / "out", start, wild), Notes().teller)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "version"), [("../x", "1.0.0"), ("ours", "1.0.0"), ("en_ours", "one")])
def test_a_name_or_version_that_is_none_is_refused(
    start: Path, data: Path, tmp_path: Path, name: str, version: str
) -> None:
    with pytest.raises(ConfigError, match="is no "):
        train(Task((data,), tmp_path / "out", start, QUICK, name=name, version=version), Notes().teller)


def test_a_conversation_in_both_sets_is_refused(start: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="development set is in the training data"):
        train(Task((data,), tmp_path / "out", start, QUICK, dev=(data,)), Notes().teller)


def test_data_without_one_of_the_labels_is_refused(start: Path, tmp_path: Path) -> None:
    path = tmp_path / "bare.jsonl"
    rows = [
        {"id": f"c{n}", "messages": [{"sender": "agent", "text": "hello", "spans": []}]} for n in range(40)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(ConfigError, match="holds no PRODUCT"):
        train(Task((path,), tmp_path / "out", start, QUICK), Notes().teller)


def test_a_start_that_is_none_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to start training from"):
        train(Task((data,), tmp_path / "out", tmp_path, QUICK), Notes().teller)


def test_labels_that_do_not_fit_the_text_are_told_by_line(start: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    spans = [{"start": 3, "end": 99, "label": "ISSUE"}]
    path.write_text(json.dumps({"id": "c", "messages": [{"sender": "agent", "text": "hi", "spans": spans}]}))
    with pytest.raises(InputError, match=r"bad\.jsonl:1"):
        train(Task((path,), tmp_path / "out", start, QUICK), Notes().teller)


def test_on_a_terminal_the_bar_begins_anew_with_each_run(
    cli: Cli, start: Path, data: Path, tmp_path: Path
) -> None:
    done = cli(
        *("train", "--data", str(data), "--start", str(start), "--out", str(tmp_path / "ours")),
        *("--epochs", "1", "--seed", "1", "--seed", "2"),
        env={"FORCE_COLOR": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "fit 2, epoch 1" in done.stderr


def test_the_command_writes_the_pipeline_and_prints_the_figures(
    cli: Cli, start: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "ours"
    done = cli(
        "train", "--data", str(data), "--start", str(start), "--out", str(out), "--epochs", "1", "--json"
    )
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["pipeline"] == str(out)
    assert printed["labels"]["PRODUCT"]["given"] > 0
    assert "messages to learn from" in done.stderr
    assert spacy.load(out).pipe_names[0] == "earmark_spans"


def test_few_held_out_spans_leave_the_starts_calibration_as_it_was(
    trained: Path, data: Path, tmp_path: Path
) -> None:
    def calibration(folder: Path) -> object:
        return json.loads((folder / "earmark_spans" / "config.json").read_text())["calibration"]

    few = tmp_path / "few.jsonl"
    few.write_text("".join(data.read_text().splitlines(keepends=True)[:80]))
    train(Task((few,), tmp_path / "more", trained, GENTLE), Notes().teller)
    assert calibration(tmp_path / "more") == calibration(trained)
