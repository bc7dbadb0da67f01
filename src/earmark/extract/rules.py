"""Issue phrases as data: reading a rules file and finding its phrases in text.

A rule is a regular expression (RE2) over lower-cased text in which a space stands for any white space and
`<name>` for an entry of [words]. A group named `issue` narrows what is marked; a group named `code` goes into
the canonical id and, as {code}, into the name. `tail` words of object may follow ("can't open" + "the file").
`unless` names the [context] lists whose words keep a rule from firing when they stand just before it ("not" before
"broken"), `except` the codes that it does not take; `fixed` phrases keep product words inside.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.catalog.spelling import fold
from earmark.errors import CatalogError
from earmark.extract.candidate import Candidate
from earmark.model import ISSUE
from earmark.regexes import BadPatternError, PatternSet, compile_pattern

_MACRO = re.compile(r"(?<!\?P)<([a-z_]+)>")
_CLASS_OR_SPACE = re.compile(r"\[[^\]]*\]| ")
_WORD = re.compile(r"[ \t]+([\w'’$€£%&/.:+-]*\w)")
_CLAUSE = re.compile(r"[.,;:!?\n()]|\bbut\b|\band\b")
_CONTEXT_CHARACTERS = 40
ALWAYS = "hypotheses"  # the context list that holds for every rule
_DEEPEST = 10  # words within words within words
_LONGEST = 100_000  # characters of a pattern, written out
_REQUIRED = {"id": str, "family": str, "name": str, "pattern": str}
_OPTIONAL = {"tail": int, "unless": list, "except": list, "fixed": bool}


@dataclass(frozen=True, slots=True)
class Rule:
    """One issue phrase; `precision` is its family's share of right answers on labelled chats."""

    id: str
    family: str
    name: str
    pattern: str
    precision: float
    tail: int = 0
    unless: tuple[str, ...] = ()
    exceptions: frozenset[str] = frozenset()
    fixed: bool = False


@dataclass(frozen=True)
class RuleSet:
    """Rules with the words they share: `tail_stops` end an object, `danglers` are cut from its end.

    `context` holds the lists of words that may stand before a phrase and keep its rule from firing.
    """

    rules: tuple[Rule, ...]
    tail_stops: frozenset[str]
    danglers: frozenset[str]
    context: Mapping[str, tuple[str, ...]]
    base_forms: Mapping[str, str]


def load_rules(paths: Sequence[Path]) -> tuple[dict[str, Any], ...]:
    """Read rules files and check them; each may use the words and contexts of those before it.

    Raises:
        CatalogError: A file cannot be read, or a rule cannot be used; says which.
    """
    documents = tuple(_read(path) for path in paths)
    for number, path in enumerate(paths, start=1):
        parse_rules(documents[:number], path.name)
    return documents


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CatalogError(f"{path}: not a rules file: {error}") from None
    except OSError as error:
        raise CatalogError(f"{path}: {error.strerror or 'cannot be read'}") from None


def parse_rules(documents: Sequence[Mapping[str, Any]], where: str = "rules") -> RuleSet:
    """Turn the content of rules files into one rule set."""
    words: dict[str, str] = {}
    shared: dict[str, list[str]] = {}
    base_forms: dict[str, str] = {}
    rules: dict[str, Rule] = {}
    for document in documents:
        words |= document.get("words", {})
        base_forms |= document.get("base_forms", {})
        for key, values in document.get("context", {}).items():
            shared[key] = shared.get(key, []) + values
        for row in document.get("rule", ()):
            rule = _rule(row, document.get("precision", {}), words, where)
            if rule.id in rules:
                raise CatalogError(f"{where}: the rule id {rule.id!r} is used twice")
            rules[rule.id] = rule
    _check_guards(shared, where)
    for rule in rules.values():
        unknown = set(rule.unless) - shared.keys() - {ALWAYS}
        if unknown:
            raise CatalogError(f"{where}: rule {rule.id!r} names the unknown context {min(unknown)!r}")
    return RuleSet(
        rules=tuple(rules.values()),
        tail_stops=frozenset(shared.get("tail_stops", ())),
        danglers=frozenset(shared.get("danglers", ())),
        context={name: tuple(values) for name, values in shared.items()},
        base_forms=base_forms,
    )


def _check_guards(context: Mapping[str, list[str]], where: str) -> None:
    for name, words in context.items():
        try:
            _guard(words)
        except BadPatternError as error:
            raise CatalogError(f"{where}: the context {name!r} cannot be used: {error}") from None


def _rule(
    row: Mapping[str, Any], precisions: Mapping[str, float], words: Mapping[str, str], where: str
) -> Rule:
    about = f"{where}: rule {row.get('id', '?')!r}"
    _check_keys(row, about)
    if row["family"] not in precisions:
        raise CatalogError(f"{about}: the family {row['family']!r} has no entry under [precision]")
    try:
        pattern = _expand(row["pattern"], words)
        groups = compile_pattern(pattern).groupindex
    except (BadPatternError, KeyError) as error:
        raise CatalogError(f"{about}: the pattern cannot be used: {error}") from None
    if "{code}" in row["name"] and "code" not in groups:
        raise CatalogError(f"{about}: the name uses {{code}}, and the pattern has no group of that name")
    return Rule(
        id=row["id"],
        family=row["family"],
        name=row["name"],
        pattern=pattern,
        precision=precisions[row["family"]],
        tail=row.get("tail", 0),
        unless=(ALWAYS, *row.get("unless", ())),
        exceptions=frozenset(row.get("except", ())),
        fixed=row.get("fixed", False),
    )


def _check_keys(row: Mapping[str, Any], about: str) -> None:
    known = _REQUIRED | _OPTIONAL
    for key in _REQUIRED.keys() - row.keys():
        raise CatalogError(f"{about} has no {key}")
    for key, value in row.items():
        if key not in known:
            raise CatalogError(f"{about} has an unknown key {key!r}")
        if not isinstance(value, known[key]):
            raise CatalogError(f"{about}: {key} is not of the type {known[key].__name__}")


def _expand(pattern: str, words: Mapping[str, str]) -> str:
    for _ in range(_DEEPEST):
        if len(pattern) > _LONGEST:
            break
        pattern = _MACRO.sub(lambda macro: f"(?:{words[macro[1]]})", pattern)
    left = _MACRO.search(pattern)
    if left:
        raise BadPatternError(f"{left[0]} stands for itself")
    spaced = _CLASS_OR_SPACE.sub(lambda part: part[0] if part[0] != " " else r"(?:[ \t\n]+)", pattern)
    return rf"\b(?P<all>{spaced})\b"


class RuleFinder:
    """Finds the issue phrases of a rule set. Linear in the length of the text."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._patterns = PatternSet([(rule.pattern, True) for rule in rules.rules])
        self._guards = {name: _guard(words) for name, words in rules.context.items()}

    def __call__(self, text: str) -> Iterator[Candidate]:
        """Yield every phrase in the text, overlapping ones too."""
        folded = fold(text)
        for index, match in self._patterns.finditer(folded):
            rule = self._rules.rules[index]
            if self._stands(folded, match, rule):
                yield self._candidate(folded, match, rule)

    def _stands(self, folded: str, match: Any, rule: Rule) -> bool:
        code = match.groupdict().get("code") or ""
        if not rule.exceptions.isdisjoint((code, code.split(" ")[0])):
            return False
        start, _ = _bounds(match, "all")
        clause = _CLAUSE.split(folded[max(0, start - _CONTEXT_CHARACTERS) : start])[-1]
        return not any(self._guards[name].search(clause) for name in rule.unless if name in self._guards)

    def _candidate(self, folded: str, match: Any, rule: Rule) -> Candidate:
        groups = match.groupdict()
        _, end = _bounds(match, "all")
        start, core_end = _bounds(match, "issue" if groups.get("issue") else "all")
        name, canonical_id = self._identity(rule, groups.get("code"))
        return Candidate(
            start,
            self._with_object(folded, core_end, rule.tail) if core_end == end else core_end,
            ISSUE,
            "rules",
            canonical_id,
            name,
            evidence={"rule": rule.precision},
            core=(start, core_end),
            fixed=rule.fixed,
        )

    def _identity(self, rule: Rule, code: str | None) -> tuple[str, str]:
        if not code:
            return rule.name.replace("{code}", "").strip(), f"issue:{rule.id}"
        code = " ".join(code.split())
        code = self._rules.base_forms.get(code, code)
        return rule.name.replace("{code}", code), f"issue:{rule.id}:{code}"

    def _with_object(self, folded: str, end: int, words: int) -> int:
        """Extend over up to `words` words of object; no function word may dangle at its end."""
        reach = position = end
        for _ in range(words):
            word = _WORD.match(folded, position)
            if word is None or word[1] in self._rules.tail_stops:
                break
            position = word.end()
            if word[1] not in self._rules.danglers:
                reach = position
        return reach


def _bounds(match: Any, group: str) -> tuple[int, int]:
    start, end = match.span(match.re.groupindex[group])
    return int(start), int(end)


def _guard(words: Sequence[str]) -> Any:
    """Matches when one of the words stands at most two words before the phrase."""
    return compile_pattern(rf"\b(?:{'|'.join(words)})(?: \S+){{0,2}} ?$")
