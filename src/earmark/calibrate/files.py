"""Calibration files: the one that the package brings along, and those of users."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from earmark.confidence.calibration import MODEL, Calibration, as_text, parse
from earmark.drafts import drafted
from earmark.errors import ConfigError, OutputError

PACKAGED = Path(__file__).parent / "data" / "en_earmark_chat.json"


def read_calibration(path: Path) -> Calibration:
    """Read a calibration file.

    Raises:
        ConfigError: It cannot be read, or is none.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no calibration", hint="make one with `earmark calibrate`") from None
    except OSError as error:
        raise ConfigError(
            f"the calibration {path} cannot be read: {error.strerror}",
            hint="make one with `earmark calibrate`",
        ) from None
    return parse(text, str(path))


def packaged(model_hash: str) -> Calibration | None:
    """The calibration that comes with Earmark, if it was made for this model."""
    if not PACKAGED.is_file():
        return None
    known = read_calibration(PACKAGED)
    return known if known.made_for.get(MODEL) == model_hash else None


def check_place(path: Path, inputs: Iterable[Path]) -> None:
    """See that a calibration can be written there, and replaces nothing that it is made from.

    Raises:
        OutputError: It would replace an input, or the place is no file in a folder that exists.
    """
    if path.resolve() in {each.resolve() for each in inputs}:
        raise OutputError(f"{path} is what the calibration is made from", hint="name another file with --out")
    if path.is_dir() or not path.parent.is_dir():
        raise OutputError(f"{path} cannot be written: not a file in a folder that exists")


def write_calibration(calibration: Calibration, path: Path) -> None:
    """Write a calibration file, whole or not at all.

    Raises:
        OutputError: The place does not take it.
    """
    try:
        with drafted(path) as file:
            file.write(as_text(calibration).encode())
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from None
