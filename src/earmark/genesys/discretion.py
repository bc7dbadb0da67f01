"""Keeps what travels out of the HTTP libraries' logs, whatever level they are set to.

httpx logs whole addresses, with cursors and signatures; httpcore logs headers and, for a broken answer,
pieces of its body; the SDK logs both.
"""

from __future__ import annotations

import logging

import httpx

_HTTPCORE = ("connection", "http11", "http2", "proxy", "socks")


def install() -> None:
    """Repeating it changes nothing."""
    logging.getLogger("httpx").addFilter(_without_queries)
    for name in _HTTPCORE:
        logging.getLogger(f"httpcore.{name}").addFilter(_event_only)
    logging.getLogger("PureCloudPlatformClientV2").addFilter(_nothing)


def _without_queries(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(_bare(each) for each in record.args)
    return True


def _bare(value: object) -> object:
    return value.copy_with(query=None, fragment=None) if isinstance(value, httpx.URL) else value


def _event_only(record: logging.LogRecord) -> bool:
    record.msg = str(record.msg).partition(" ")[0]
    return True


def _nothing(_: logging.LogRecord) -> bool:
    return False
