"""What can be made of a process before its command begins; named in `Order.bug` as module:function."""

from __future__ import annotations

import importlib
import os
import pty
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

import earmark.cli

NOBODY = 65534


def _first(prepare: Callable[[], None]) -> None:
    """Let something happen when the command's streams are in place."""
    main = earmark.cli.main

    def prepared() -> None:
        prepare()
        main()

    earmark.cli.main = prepared


def _unread(stream: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, stream)
    os.close(writer)


def unread_stdout() -> None:
    """Whoever read our output has gone, as `head` does."""
    _first(lambda: _unread(1))


def unread_stderr() -> None:
    """Whoever read what we say has gone."""
    _first(lambda: _unread(2))


def closed_streams() -> None:
    """Started without stdout and stderr, as `>&- 2>&-` does."""

    def close() -> None:
        os.close(1)
        os.close(2)
        sys.stdout = sys.stderr = None

    _first(close)


def closing_terminal() -> None:
    """Everything is said to a terminal, which closes after a while."""

    def attach() -> None:
        keeper, terminal = pty.openpty()
        for stream in (1, 2):
            os.dup2(terminal, stream)
        os.close(terminal)
        threading.Timer(0.3, os.close, [keeper]).start()

    _first(attach)


def as_nobody() -> None:
    """Without the rights of the superuser, to whom nothing is read-only."""
    if os.geteuid():
        return
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def told_time() -> None:
    """Let `datetime` tell the time that `time.time` tells."""
    for name in ("earmark.checkup", "earmark.genesys.doctor", "earmark.specs"):
        importlib.import_module(name)
    for name, module in list(sys.modules.items()):
        if name.startswith("earmark.") and getattr(module, "datetime", None) is datetime:
            vars(module)["datetime"] = _Told


class _AnyMoment(type):
    """A class that takes every datetime for one of its own."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


class _Told(datetime, metaclass=_AnyMoment):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return datetime.fromtimestamp(time.time(), tz)
