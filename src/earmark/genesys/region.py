"""Which hosts a region means: an SDK region name, a bare domain, a host name or a full URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from earmark.errors import ConfigError

DOMAINS = {
    "us_east_1": "mypurecloud.com",
    "us_east_2": "use2.us-gov-pure.cloud",
    "us_west_2": "usw2.pure.cloud",
    "ca_central_1": "cac1.pure.cloud",
    "mx_central_1": "mxc1.pure.cloud",
    "sa_east_1": "sae1.pure.cloud",
    "eu_west_1": "mypurecloud.ie",
    "eu_west_2": "euw2.pure.cloud",
    "eu_central_1": "mypurecloud.de",
    "eu_central_2": "euc2.pure.cloud",
    "eusc_de_east_1": "edee1.eusc-pure.cloud",
    "me_central_1": "mec1.pure.cloud",
    "ap_south_1": "aps1.pure.cloud",
    "ap_southeast_1": "apse1.pure.cloud",
    "ap_southeast_2": "mypurecloud.com.au",
    "ap_northeast_1": "mypurecloud.jp",
    "ap_northeast_2": "apne2.pure.cloud",
    "ap_northeast_3": "apne3.pure.cloud",
}
"""SDK region name → domain of its `api.` and `login.` hosts."""

CONTRACT_HOST = "my.genesys.cloud"
"""The interactions contract's default: one gateway that serves both the login and the API."""

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_HOST_NAME = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}\Z")


@dataclass(frozen=True, slots=True)
class Hosts:
    """Origins without a trailing slash, such as `https://api.mypurecloud.ie`."""

    api: str
    login: str


def hosts(region: str) -> Hosts:
    """Resolve a region.

    A full URL keeps login and API on its one origin, unless it is an `https://api.` host. Plain http is
    for loopback only: the secret would travel in the clear.

    Raises:
        ConfigError: Nothing that is known; lists what is.
    """
    name = region.strip().lower().rstrip("/")
    if "://" in name:
        return _of_url(name)
    if name == CONTRACT_HOST:
        return Hosts(f"https://{name}", f"https://{name}")
    domain = DOMAINS.get(name.replace("-", "_")) or re.sub(r"\A(api|login|apps)\.", "", name)
    if domain in DOMAINS.values():
        return Hosts(f"https://api.{domain}", f"https://login.{domain}")
    raise _unknown(region)


def _of_url(url: str) -> Hosts:
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        raise _unknown(url) from None
    host = parts.hostname or ""
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise _unknown(url)
    if host in _LOOPBACK and parts.scheme in {"http", "https"}:
        origin = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
        return Hosts(origin, origin)
    if parts.scheme != "https" or not _HOST_NAME.match(host):
        raise _unknown(url)
    origin = f"https://{host}{port}"
    return Hosts(origin, origin.replace("//api.", "//login.", 1))


def _unknown(region: str) -> ConfigError:
    shown = region.rpartition("@")[2]
    known = ", ".join(f"{name} ({domain})" for name, domain in DOMAINS.items())
    return ConfigError(
        f"the region {shown!r} is not known",
        hint=f"use one of {known}, or a full URL such as https://{CONTRACT_HOST} or http://127.0.0.1:8080",
    )
