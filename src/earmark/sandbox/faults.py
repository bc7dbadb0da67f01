"""Fault plans: what goes wrong, where and when.

A plan is JSON, a file or a dict:

    {"seed": 7, "rules": [
      {"route": "recordings", "probability": 0.1, "fault": {"kind": "status", "status": 503}},
      {"route": "customattributes.put", "every": 5, "fault": {"kind": "reset_after"}},
      {"route": "jobs.*", "method": "GET", "after": 2, "times": 1, "fault": {"kind": "bad_cursor"}}]}

A rule looks at requests whose route name matches `route` (a glob; `GET /sandbox/stats` lists the names)
and, where given, whose `method` and `conversation` (its id, in the path) are these. Of those it skips the
first `after`, then strikes at most `times` times, at each `every`-th one, or with a `probability`; with none
of them, always. The first rule that strikes wins. The same seed and order of requests give the same faults.

Kinds of fault, with their options:

    status          `status`, and `code`, `message`, `retry_after` (any text or number), `permission` (403),
                    `html` (the body of a proxy instead of the service's; always so for a bare 502)
    reset_before    connection reset, the request is not handled
    reset_after     connection reset, the request was handled
    hang            `seconds` of silence, then the connection closes (`applied`: the request was handled)
    slow            `seconds` of silence, then the answer
    drip            the answer in sixteen pieces, `seconds` before each
    truncate        half of the body; `honest` (the Content-Length is that of the half) or not
    html, not_json, list, null, empty, bad_utf8, deep   a body of this sort, with status 200
    bom, twice, nan, huge                               the right answer behind a byte order mark, with every
                                                        member once more as null, with NaN or 1e400 in it
    null_enums, unknown_enums                           in an otherwise right answer
    drop, nullify, retype                               the members named `member`, at any depth; without it
                                                        those of the outermost object
    invent                                              every object has a member that nobody knows
    duplicates, reorder                                 in the list that is answered
    partial, null_items, item_errors                    of that list, every second entry is missing, null, or its
                                                        ids and an error
    drift           the last conversation of a page of the synchronous query is the first of the next, too
    empty_page, repeat_page, bad_cursor, repeat_cursor  in a listing with cursors
    endless         in a listing: the first page again, and more to come
    job_failed, job_expired                             the analytics job ends like this
    delete          the conversation of the path is deleted just before
    other_writer    somebody else changes every record of the conversation of the path just before

`applied` says whether the request is handled before a `status`, `hang` or broken body is sent; the default
is no for the first two and yes for bodies. An HTML page comes from a proxy: it lacks the service's headers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Any

BODIES = frozenset({"html", "not_json", "list", "null", "empty", "bad_utf8", "deep", "truncate"})
DISGUISES = frozenset({"bom", "twice", "nan", "huge"})
MEMBERS = frozenset({"drop", "nullify", "retype", "invent"})
LISTS = frozenset({"duplicates", "reorder", "partial", "null_items", "item_errors"})
EDITS = MEMBERS | LISTS | {"null_enums", "unknown_enums"}
CURSORS = frozenset({"empty_page", "repeat_page", "bad_cursor", "repeat_cursor", "endless"})
TWISTS = CURSORS | {"drift", "job_failed", "job_expired"}
TRANSPORT = frozenset({"status", "reset_before", "reset_after", "hang", "slow", "drip"})
EVENTS = frozenset({"delete", "other_writer"})
KINDS = BODIES | DISGUISES | EDITS | TWISTS | TRANSPORT | EVENTS

NUMBER = (int, float)
RULE_MEMBERS = {
    "route": str,
    "fault": Mapping,
    "method": str,
    "conversation": str,
    "after": int,
    "times": int,
    "every": int,
    "probability": NUMBER,
}
FAULT_MEMBERS = {
    "kind": str,
    "status": int,
    "code": str,
    "message": str,
    "retry_after": (str, *NUMBER),
    "permission": str,
    "html": bool,
    "honest": bool,
    "member": str,
    "seconds": NUMBER,
    "applied": bool,
}


class FaultPlanError(ValueError):
    """The plan cannot be used; the message says which rule and why."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong; see the module's text for what each kind uses."""

    kind: str
    status: int = 500
    code: str | None = None
    message: str | None = None
    retry_after: str | int | float | None = None
    permission: str | None = None
    html: bool = False
    honest: bool = False
    member: str | None = None
    seconds: float = 1.0
    applied: bool | None = None

    @property
    def handles(self) -> bool:
        """Whether the request takes effect."""
        if self.applied is not None:
            return self.applied
        return self.kind not in {"status", "hang", "reset_before"}


@dataclass
class Rule:
    """When a fault strikes. Counts what it has seen, so an instance belongs to one run."""

    route: str
    fault: Fault
    method: str | None = None
    conversation: str | None = None
    after: int = 0
    times: int | None = None
    every: int | None = None
    probability: float | None = None
    seen: int = 0
    struck: int = 0

    def concerns(self, route: str, method: str, conversation: str) -> bool:
        return (
            fnmatchcase(route, self.route)
            and self.method in {None, method}
            and self.conversation in {None, conversation}
        )

    def strikes(self, salt: str) -> bool:
        """Count a request that concerns this rule and say whether it is hit."""
        self.seen += 1
        due = self.seen - self.after
        if due <= 0 or (self.times is not None and self.struck >= self.times):
            return False
        if self.every is not None and due % self.every:
            return False
        if self.probability is not None and _draw(f"{salt}/{self.seen}") >= self.probability:
            return False
        self.struck += 1
        return True


@dataclass
class FaultPlan:
    """A seed and rules in order. `next` is called once a request, in the order in which they arrive."""

    rules: list[Rule] = field(default_factory=list)
    seed: int = 0

    @classmethod
    def load(cls, plan: Mapping[str, Any] | Path | str) -> FaultPlan:
        """Read a plan from a dict or a JSON file.

        Raises:
            FaultPlanError: It cannot be read, or a rule makes no sense.
        """
        if isinstance(plan, Mapping):
            return _parse(plan)
        try:
            return _parse(json.loads(Path(plan).read_text(encoding="utf-8")))
        except OSError as error:
            raise FaultPlanError(f"fault plan {plan} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise FaultPlanError(f"fault plan {plan}: {error}") from None

    def next(self, route: str, method: str, conversation: str) -> Fault | None:
        for number, rule in enumerate(self.rules):
            if rule.concerns(route, method, conversation) and rule.strikes(f"{self.seed}/{number}"):
                return rule.fault
        return None


def _draw(key: str) -> float:
    """Return a number in [0, 1) that depends on the key alone."""
    return int.from_bytes(sha256(key.encode()).digest()[:8]) / 2**64


def _parse(plan: Any) -> FaultPlan:
    _check_members("a plan", plan, {"seed": int, "rules": list})
    rules = [_rule(f"rule {number}", rule) for number, rule in enumerate(plan.get("rules", []), 1)]
    return FaultPlan(rules, plan.get("seed", 0))


def _rule(name: str, rule: Any) -> Rule:
    _check_members(name, rule, RULE_MEMBERS)
    if "route" not in rule or "fault" not in rule:
        raise FaultPlanError(f"{name}: needs a route and a fault")
    _check_members(f"{name}: its fault", rule["fault"], FAULT_MEMBERS)
    if rule["fault"].get("kind") not in KINDS:
        raise FaultPlanError(f"{name}: kind is one of {', '.join(sorted(KINDS))}")
    if rule.get("every", 1) < 1:
        raise FaultPlanError(f"{name}: every is 1 or more")
    return Rule(**{**rule, "fault": Fault(**rule["fault"])})


def _check_members(name: str, value: Any, members: Mapping[str, Any]) -> None:
    if not isinstance(value, Mapping):
        raise FaultPlanError(f"{name} must be an object")
    for key, item in value.items():
        if key not in members:
            raise FaultPlanError(f"{name}: {key} is unknown; there are {', '.join(members)}")
        if not isinstance(item, members[key]):
            raise FaultPlanError(f"{name}: {key} has the wrong type")
