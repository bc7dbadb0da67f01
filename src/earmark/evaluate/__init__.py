"""Measures what a pipeline finds against labelled conversations: rates, intervals, calibration, speed, errors."""

from __future__ import annotations

from earmark.evaluate.as_json import to_json
from earmark.evaluate.run import Evaluation, Pipeline, Yardstick, evaluate, yardstick
from earmark.evaluate.table import print_comparison, print_evaluation, print_mistakes

__all__ = [
    "Evaluation",
    "Pipeline",
    "Yardstick",
    "evaluate",
    "print_comparison",
    "print_evaluation",
    "print_mistakes",
    "to_json",
    "yardstick",
]
