"""Faults 16, 17, 20–26, 33 and 34: permissions, deletions, limits, schema, clock, disk, journal, processes, people."""

from exam.system import (
    changes,
    clocks,
    deletions,
    disk,
    journals,
    limits,
    permissions,
    processes,
    schema,
    signals,
)

ROWS = (
    *permissions.ROWS,
    *deletions.ROWS,
    *limits.ROWS,
    *schema.ROWS,
    *clocks.ROWS,
    *disk.ROWS,
    *journals.ROWS,
    *processes.ROWS,
    *signals.ROWS,
    *changes.ROWS,
)
