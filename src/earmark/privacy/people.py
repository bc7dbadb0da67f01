"""Names that are introduced as such, dates of birth, and street addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from earmark.privacy.found import Found, Kind

_CAPITALISED = r"[^\W\d_a-z][\w'-]{1,30}"
_FULL_NAME = rf"{_CAPITALISED}(?: {_CAPITALISED}| [A-Z]\.?(?![\w'])){{0,2}}"
_INTRODUCED = re.compile(
    rf"\b(?:(?:(?i:my) (?i:full |first |last )?(?i:name(?:'s| is)?)|(?i:name)\s?:)[\s:]{{1,3}}(?P<name>{_FULL_NAME})"
    rf"|(?i:this is|you'?re (?:chatting|speaking) (?:with|to))\s(?P<here>{_FULL_NAME})(?=,? (?i:speaking|here)\b))"
)
_IN_SMALL = re.compile(
    r"\b(?i:my (?:full )?name(?:'s| is)) (?P<name>[a-z][a-z'-]{1,20}(?: [a-z][a-z'-]{1,20}){0,2}?)"
    r"(?=\s*(?:[.,;!\n]|$|\band\b|\bi\b|\bmy\b|\bi'm\b))"
)
_NO_NAME = re.compile(
    r"\b(?:not|no|on|in|still|wrong|incorrect|invalid|misspel\w+|spel\w+|missing|showing|listed|the|a|an|already"
    r"|being|different|correct|right|registered|attached|under|same|unknown|hidden|blank|empty|changed|updated"
    r"|there|here|support|team|service|services|care|customer|and|my|i)\b",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:your|the account holder'?s) (?:full |first |last |given |sur)?names?\b", re.IGNORECASE
)
_ANSWER = re.compile(
    rf"\s*(?:(?:(?i:it'?s|i'?m|i am|this is|sure|yes|ok(?:ay)?))[ ,.:]{{1,3}}){{0,2}}"
    rf"(?P<name>{_CAPITALISED} (?:[A-Z]\.? )?{_CAPITALISED})[.!]?\s*"
)

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = (
    r"(?:\d{1,4}\s?[-/. ]\s?\d{1,2}\s?[-/. ]\s?\d{2,4}|\d{8}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH},? \d{{2,4}}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{2,4}})"
)
_BIRTH = re.compile(
    r"\b(?:d\.?o\.?b\b\.?|date of birth|birth ?da(?:y|te)|birth|born)"
    rf"(?:\s{{0,3}}(?:\bis\b|\bwas\b|\bon\b|[:=,-])){{0,3}}\s{{0,3}}(?P<day>{_DAY})(?!\d)",
    re.IGNORECASE,
)
_ASKED_BIRTH = re.compile(r"\b(?:d\.?o\.?b\b|date of birth|birth ?da(?:y|te)|born)", re.IGNORECASE)
_ANY_DAY = re.compile(rf"(?<!\d){_DAY}(?!\d)", re.IGNORECASE)

_STREET = re.compile(
    r"(?<![\w.-])\d{1,5}[A-Za-z]?,? (?:(?:[NESW]|[NS][EW])\.? )?"
    r"(?P<name>(?:[^\W\d][\w'.-]{1,19} ){1,3}|\d{1,3}(?:st|nd|rd|th) )"
    r"(?P<kind>street|st|avenue|ave|road|rd|lane|boulevard|blvd|crescent|terrace|parkway|highway"
    r"|drive|dr|court|ct|place|close|square|way)\b\.?",
    re.IGNORECASE,
)
_ALSO_OTHERS = frozenset({"drive", "dr", "court", "ct", "place", "close", "square", "way", "st", "highway"})
_HOME = re.compile(
    r"\b(?:address|live|living|deliver|ship|moved?|located|resid\w+|street|flat|apartment)\b", re.IGNORECASE
)
_LITTLE = re.compile(
    r"\b(?:the|a|an|is|are|on|of|in|for|my|your|our|to|no|and|one|each|way)\b", re.IGNORECASE
)


def names(text: str) -> Iterator[Found]:
    """Who says "my name is …" or "this is … speaking"."""
    for match in _INTRODUCED.finditer(text):
        group = "name" if match["name"] else "here"
        if not _NO_NAME.search(match[group]):
            yield Found(*match.span(group), Kind.NAME)
    for match in _IN_SMALL.finditer(text):
        if not _NO_NAME.search(match["name"]):
            yield Found(*match.span("name"), Kind.NAME)


def asks_name(text: str) -> bool:
    """Whether a message asks somebody for a name."""
    return bool(_ASKED.search(text))


def answered_names(text: str) -> Iterator[Found]:
    """A first and a last name that are the whole answer."""
    match = _ANSWER.fullmatch(text)
    if match and not _NO_NAME.search(match["name"]):
        yield Found(*match.span("name"), Kind.NAME)


def births(text: str) -> Iterator[Found]:
    """Dates that are said to be somebody's birth."""
    for match in _BIRTH.finditer(text):
        yield Found(*match.span("day"), Kind.BIRTH)


def asks_birth(text: str) -> bool:
    """Whether a message asks for a date of birth."""
    return bool(_ASKED_BIRTH.search(text))


def answered_births(text: str) -> Iterator[Found]:
    """Any date in the answer to that."""
    for match in _ANY_DAY.finditer(text):
        yield Found(*match.span(), Kind.BIRTH)


def streets(text: str) -> Iterator[Found]:
    """A house number with a street; words that name other things too need a word of living there."""
    home = _HOME.search(text)
    for match in _STREET.finditer(text):
        if _LITTLE.search(match["name"]):
            continue
        sure = match["kind"].casefold() not in _ALSO_OTHERS
        if sure or (home and home.end() <= match.start()):
            yield Found(*match.span(), Kind.ADDRESS)
