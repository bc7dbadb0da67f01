"""E-mail and network addresses, links that carry more than a page, and keys."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from earmark.privacy.found import Found, Kind

_LOCAL_CHARACTERS = r"[\w.+%'&*-]"
_LOCAL = re.compile(rf"{_LOCAL_CHARACTERS}{{1,64}}(?<!\.)$")
_DOMAIN = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[^\W\d_]{2,24}")
_LOCAL_REACH = 200

_TOP = (
    r"(?:com?|org|net|edu|gov|mil|int|info|biz|io|me|dev|app|ai|tv|email|mail|online|shop|uk|us|ca|au|nz|ie|in"
    r"|de|at|ch|fr|be|nl|es|pt|it|gr|se|no|dk|fi|is|pl|cz|sk|hu|ro|bg|ua|ru|tr|il|za|ng|ke|eg|ae|sa|br|mx|ar|cl"
    r"|jp|cn|kr|tw|hk|sg|my|th|vn|ph|pk|eu|example|test)"
)
PROVIDERS = (
    "gmail",
    "googlemail",
    "hotmail",
    "outlook",
    "yahoo",
    "icloud",
    "aol",
    "proton",
    "protonmail",
    "gmx",
)
"""Whose addresses are told as "jo at gmail.com"; any other "at" before a domain speaks of a place."""
_PROVIDER = rf"(?:{'|'.join(PROVIDERS)})"
_SPELLED_DOT = r"(?:\s{0,3}[(\[{]\s?(?:dot|\.|point)\s?[)\]}]\s{0,3}|\s{1,3}dot\s{1,3})"
_ANY_DOT = rf"(?:{_SPELLED_DOT}|\.|\s{{1,2}}\.\s{{1,2}})"
_SPELLED_LOCAL = re.compile(
    rf"{_LOCAL_CHARACTERS}{{1,64}}(?:(?:{_ANY_DOT}|\s(?:underscore|dash|hyphen|plus)\s)"
    rf"{_LOCAL_CHARACTERS}{{1,64}}){{0,3}}(?<!\.)$",
    re.IGNORECASE,
)
_SPACED_AT = re.compile(
    rf"\s{{1,3}}@(?:\s{{1,3}}|(?={_PROVIDER}\.))|(?<=\w)@\s{{0,3}}"
    r"|\s{0,3}[(\[{<]\s?(?:at|@)\s?[)\]}>]\s{0,3}",
    re.IGNORECASE,
)
_WORD_AT = re.compile(r"\s{1,3}at\s{1,3}", re.IGNORECASE)
_SPACED_DOMAIN = re.compile(
    rf"(?:[a-z\d-]{{1,63}}{_ANY_DOT}){{1,4}}?{_TOP}\b(?:{_ANY_DOT}{_TOP}\b)?", re.IGNORECASE
)
_SPELLED_DOMAIN = re.compile(
    rf"(?:{_PROVIDER}{_ANY_DOT}|(?:[a-z\d-]{{1,63}}{_SPELLED_DOT}){{1,4}}?){_TOP}\b(?:{_ANY_DOT}{_TOP}\b)?",
    re.IGNORECASE,
)

_IPV4 = re.compile(r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?![\w:])", re.IGNORECASE)
_SAID_ADDRESS = re.compile(r"\bip\b|\bips\b|ip address", re.IGNORECASE)
_ADDRESS_DIGITS = 8  # with fewer it may be a version
_MAC = re.compile(r"(?<![\w:-])[\da-f]{2}(?:([:-])[\da-f]{2})(?:\1[\da-f]{2}){4}(?![\w:-])", re.IGNORECASE)

_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"‹›]+", re.IGNORECASE)
_TELLING = re.compile(
    r"[?&;#/](?:[a-z]{0,12}[_-])?(?:token|key|apikey|sig|signature|auth|session|sessionid|sid|jwt|otp|password|pwd"
    r"|pass|secret|email|mail|phone|user|userid|username|uid|account|customer|order|orderid|invoice|ticket)"
    r"(?:[_-](?:id|key|no|number|token))?="
    r"|//[^/@\s]{1,200}@",
    re.IGNORECASE,
)
_RANDOM = re.compile(r"[/=](?=[\w-]{0,80}[A-Z])(?=[\w-]{0,80}[a-z])(?=[\w-]{0,80}\d)[\w-]{22,}")
_SECRET = re.compile(
    r"(?<![\w-])(?:eyJ[\w-]{8,}\.[\w.-]{8,}|[spr]k_(?:live|test)_\w{8,}|gh[pousr]_\w{20,}|xox[abeprs]-[\w-]{10,}"
    r"|AKIA[A-Z\d]{16}(?!\w)|(?i:bearer)\s{1,3}[\w.~+/-]{16,})"
)
_SAID_SECRET = re.compile(
    r"\b(?:password|passwd|pwd?|passcode|pass(?=[:=])|pass ?phrase|pin|cvv|cvc|security code|otp"
    r"|one[- ]time (?:code|password)|2fa code|verification code)\s{0,2}(?:(?:is|was)\s|[:=])\s{0,2}[\"']?"
    r"(?P<value>(?=[^\s\d‹›]{0,40}\d)[^\s‹›]{3,80})"
    r"|\b(?:cvv2?|cvc2?|pin|otp|password)(?: code)?\s(?P<code>\d{3,8})(?!\w)",
    re.IGNORECASE,
)


def emails(text: str) -> Iterator[Found]:
    """Addresses as they are, spaced out, or with "at" and "dot" in words."""
    for match in re.finditer("@", text):
        yield from _around(text, match.span(), _LOCAL, _DOMAIN)
    for match in _SPACED_AT.finditer(text):
        yield from _around(text, match.span(), _SPELLED_LOCAL, _SPACED_DOMAIN)
    for match in _WORD_AT.finditer(text):
        yield from _around(text, match.span(), _SPELLED_LOCAL, _SPELLED_DOMAIN)


def _around(
    text: str, at: tuple[int, int], local: re.Pattern[str], domain: re.Pattern[str]
) -> Iterator[Found]:
    host = domain.match(text, at[1])
    reach = max(0, at[0] - _LOCAL_REACH)
    name = local.search(text[reach : at[0]]) if host else None
    if host and name:
        yield Found(reach + name.start(), host.end(), Kind.EMAIL)


def network_addresses(text: str) -> Iterator[Found]:
    """Public IP addresses (an address at home is everybody's) and MAC addresses."""
    said = _SAID_ADDRESS.search(text)
    for match in _IPV4.finditer(text):
        long = len(match[0]) - 3 >= _ADDRESS_DIGITS
        if _is_public(match[0]) and (long or (said and said.end() <= match.start())):
            yield Found(*match.span(), Kind.IP)
    if text.count(":") < 2 and text.count("-") < 5:
        return
    for match in _IPV6.finditer(text):
        if _is_public(match[0]):
            yield Found(*match.span(), Kind.IP)
    for match in _MAC.finditer(text):
        yield Found(*match.span(), Kind.DEVICE)


def _is_public(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


def links(text: str) -> Iterator[Found]:
    """Links with a token, an account or credentials in them; the address of a page is nobody's."""
    lowered = text.lower()
    if "://" in lowered or "www." in lowered:
        for match in _LINK.finditer(text):
            if _TELLING.search(match[0]) or _RANDOM.search(match[0]):
                yield Found(*match.span(), Kind.LINK)


def secrets(text: str) -> Iterator[Found]:
    """Keys by their form, and passwords and codes that are said to be one."""
    for match in _SECRET.finditer(text):
        yield Found(*match.span(), Kind.SECRET)
    for match in _SAID_SECRET.finditer(text):
        yield Found(*match.span("value" if match["value"] else "code"), Kind.SECRET)
