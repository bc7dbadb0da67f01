"""What a run found, counted and shown: JSON, CSV, one HTML file, and a summary for the terminal."""

from __future__ import annotations

from earmark.report.as_csv import pairs_to_csv, to_csv
from earmark.report.as_json import to_json
from earmark.report.count import build
from earmark.report.files import check_place, write
from earmark.report.html import to_html
from earmark.report.shape import Report
from earmark.report.summary import print_summary

__all__ = [
    "Report",
    "build",
    "check_place",
    "pairs_to_csv",
    "print_summary",
    "to_csv",
    "to_html",
    "to_json",
    "write",
]
