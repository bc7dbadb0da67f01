"""Runs Earmark where nothing may be reached but what is named: `guarded.py LOG PORT ARGUMENT... [then ARGUMENT...]`.

PORT is that of a service on 127.0.0.1, or 0 for none. Whatever else is tried is written to LOG, one line each, and
refused. An audit hook sees what Python does, in any package; another process would escape it, and so none may start.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

HOME = "127.0.0.1"
TO_AN_ADDRESS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
REACHES_OUT = TO_AN_ADDRESS | {
    "socket.bind",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "socket.getnameinfo",
}
STARTS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile"}


def guard(log: Path, port: int) -> None:
    """Refuse, from now on and for good, everything but the service at `port`."""
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event in STARTS or (event in REACHES_OUT and not _is_allowed(event, arguments, port)):
            os.write(written, f"{event} {arguments!r}\n".encode())
            raise PermissionError(f"{event} is not allowed here")

    sys.addaudithook(look)


def _is_allowed(event: str, arguments: tuple[Any, ...], port: int) -> bool:
    if event in TO_AN_ADDRESS:
        address = arguments[1]
        return address is None or address == (HOME, port)  # None: where the socket is connected to already
    if event == "socket.bind":
        return arguments[1] in {("::1", 0), (HOME, 0)}  # how urllib3 finds out whether there is IPv6
    return event == "socket.getaddrinfo" and arguments[:2] in {(HOME, port), (HOME, str(port))}


def earmark(arguments: list[str]) -> None:
    """One command; stops at the first that ends with an error."""
    from earmark.cli import main

    sys.argv = ["earmark", *arguments]
    try:
        main()
    except SystemExit as ended:
        if ended.code not in {0, None}:
            raise


if __name__ == "__main__":
    guard(Path(sys.argv[1]), int(sys.argv[2]))
    for command in " ".join(sys.argv[3:]).split(" then "):
        earmark(command.split())
