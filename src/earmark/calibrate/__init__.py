"""Makes a calibration out of labelled conversations: sample → fit → certify."""

from __future__ import annotations

from earmark.calibrate.files import check_place, packaged, read_calibration, write_calibration
from earmark.calibrate.make import Goal, calibrate
from earmark.calibrate.sample import Candidate, running, sample

__all__ = [
    "Candidate",
    "Goal",
    "calibrate",
    "check_place",
    "packaged",
    "read_calibration",
    "running",
    "sample",
    "write_calibration",
]
