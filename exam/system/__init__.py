"""Faults 16, 17, 20–26, 33 and 34: permissions, deletions, limits, schema, clock, disk, journal, processes, people."""

from exam.system import deletions, disk, permissions, schema, signals

ROWS = (*permissions.ROWS, *deletions.ROWS, *schema.ROWS, *disk.ROWS, *signals.ROWS)
