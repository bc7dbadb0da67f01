"""Long numbers of unknown meaning, and numbers that a word before them calls somebody's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from earmark.privacy.found import Found, Kind

_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.][0-3]?\d|[0-3]?\d[-/.][0-3]?\d[-/.](?:19|20)\d\d)(?!\d)"
)
_YEARS = re.compile(r"(?<!\d)(?:(?:19|20)\d\d[ -]{1,3}){1,9}(?:19|20)\d\d(?![ -]?\d)")
_ERROR = re.compile(  # a Windows code in decimals: 2147942402 is 0x80070002
    r"\berror(?:\s(?:code|number|no\.?))?[\s:#=(]{0,3}-?2147\d{6}(?!\d)", re.IGNORECASE
)
_LONG = re.compile(
    r"(?<![\w/])(?<!\d[.,:])\(?\d(?:[ \-()]{0,2}\d){8,}(?!\d|[.,:/]\d)"  # spaces, dashes, brackets
    r"|(?<![\dxX/])(?<!\d[.,:])\d{9,}"
    r"|(?<![\w.])(?:\d{2}(?:[./]\d{2}){4,}|\d{3}(?:\.\d{3}){2,}(?:[.-]\d{1,4})?|\d{3}\.\d{3}\.\d{4}"
    r"|\d{4}(?:\.\d{4}){2,}|0\d{1,4}(?:\.\d{2,8}){1,4})(?![.\d])"  # dots, in groups that no version has
)
_BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV4 = re.compile(rf"(?<![\w.-]){_BYTE}(?:\.{_BYTE}){{3}}(?![\w.-])")
_FEWEST = 9

_NAMED = r"(?:numbers?|nos?|num|nr|ids?|codes?|pin|reference|ref)\b\.?"
_WHOSE = (
    r"\b(?:account|acct?|a/c|customer|client|member(?:ship)?|user|policy|order|invoice|claim|case|ticket|booking"
    r"|reservation|confirmation|verification|reference|ref|tracking|serial|subscription|loyalty|employee|student"
    r"|patient|licen[cs]e|passport|contract|parcel|shipment|transaction|repair|request|routing|sort|swift|iban"
    rf"|card|social security|national insurance|tax|vat|medicare|nhs)s?(?![^\W\d_])\.?"
    rf"|\b(?:account|acct|customer|client|member|user|policy|order|invoice|case|ticket|card|tax)(?={_NAMED})"
)
_WHAT = rf"(?:[\s_-]?(?:{_NAMED}|#|№)){{1,2}}"
_ITSELF = r"\b(?:imei|s/n|ssn|pnr|rma|vin|mrn)\b"
_GAP = r"(?:\s{0,3}(?:\bis\b|\bwas\b|\bare\b|\bit'?s\b|\bits\b|\bas\b|[:=#(\"'.,-])){0,4}\s{0,3}"
_WORD = r"(?:[A-Z]{1,12}[-/]?){0,3}\d[\dA-Z]{0,39}"
_VALUE = (
    rf"(?!KB\d)(?(what)(?:(?-i:[A-Z]{{1,4}}) )?){_WORD}(?:[ ./-]{{1,2}}\d[\dA-Z]{{0,39}}){{0,9}}"
    rf"(?:(?:,|,? and|,? or| &) {_WORD}){{0,9}}"
)
_OWN = re.compile(
    rf"(?:(?:{_WHOSE})(?P<what>{_WHAT})?|(?P<itself>{_ITSELF})){_GAP}(?P<value>{_VALUE})", re.IGNORECASE
)
_MIXED = re.compile(r"(?=\D+\d+\D+\d|\d+\D+\d+\D)[A-Z\d]{6,40}", re.IGNORECASE)
_ENDING = re.compile(
    r"\b(?:ending (?:in|with|on)?|last (?:four|4)\b[^.?!\d\n‹›]{0,25})\s?(?P<value>\d{4})(?!\d)",
    re.IGNORECASE,
)
_ASKED = re.compile(rf"(?:{_WHOSE})(?:{_WHAT})", re.IGNORECASE)
_ANSWER = re.compile(r"(?<![\w.])\d(?:[ -]?\d){5,}(?!\w)")
_WHOLE_ANSWER = re.compile(r"(?=(?:[A-Z-]*\d){2})(?P<value>[A-Z0-9-]{6,40})[.!]?")


def without_dates(text: str) -> str:
    """The same text, as long, with dates, years in a row, IPv4 addresses and error codes blotted out."""
    for pattern in (_DATE, _YEARS, _IPV4, _ERROR):
        text = pattern.sub(lambda match: "¤" * len(match[0]), text)
    return text


def numbers(text: str) -> Iterator[Found]:
    """Nine digits or more in a row, or in groups; `text` is without dates."""
    for match in _LONG.finditer(text):
        if sum(map(str.isdigit, match[0])) >= _FEWEST:
            yield Found(*match.span(), Kind.NUMBER)


def identifiers(text: str) -> Iterator[Found]:
    """What follows "account number", "order #", "policy" and the like."""
    for match in _OWN.finditer(text):
        if _is_identifier(match["value"], named=bool(match["what"] or match["itself"])):
            yield Found(*match.span("value"), Kind.ID)
    for match in _ENDING.finditer(text):
        yield Found(*match.span("value"), Kind.ID)


def _is_identifier(value: str, *, named: bool) -> bool:
    digits = sum(map(str.isdigit, value))
    if named:
        coded = (len(value) >= 6 and value.isupper()) or _MIXED.fullmatch(value)
        return digits >= 4 or (digits >= 2 and bool(coded))
    return digits >= 6


def asks_identifier(text: str) -> bool:
    """Whether a message speaks of somebody's number without giving it."""
    return bool(_ASKED.search(text))


def answered_identifiers(text: str) -> Iterator[Found]:
    """What may be the number in a short answer to such a message."""
    if whole := _WHOLE_ANSWER.fullmatch(text.strip()):
        start = text.index(whole["value"])
        yield Found(start, start + len(whole["value"]), Kind.ID)
    for match in _ANSWER.finditer(text):
        yield Found(*match.span(), Kind.ID)
