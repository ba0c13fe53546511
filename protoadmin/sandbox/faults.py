"""Which requests go wrong, and how: rules, kept in the state, and one limit of requests per time.

How each kind looks on the wire is in `misbehave`.
"""

import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from random import random
from typing import Any

from protoadmin.sandbox.state import State


@dataclass(frozen=True)
class Kind:
    """One way to go wrong: what a person reads about it, and its options with their defaults."""

    title: str
    sentence: str
    options: dict[str, Any] = field(default_factory=dict)


KINDS = {
    "slow": Kind(
        "Slow", "The request is carried out, and its answer comes {seconds} s late.", {"seconds": 3.0, "late": False}
    ),
    "drip": Kind(
        "Dripping answer",
        "The request is carried out; the answer trickles in over {seconds} s.",
        {"seconds": 6.0, "pieces": 24},
    ),
    "error": Kind(
        "Error", "Nothing is done; the answer is an error {status}.", {"status": 500, "detail": "Internal Server Error"}
    ),
    "rate_limit": Kind(
        "Too many requests",
        "Nothing is done; the answer is 429, come back in {retry_after} s.",
        {"retry_after": 5, "as_date": False},
    ),
    "unavailable": Kind(
        "Unavailable",
        "Nothing is done; the answer is 503, come back in {retry_after} s.",
        {"retry_after": 5, "as_date": False},
    ),
    "drop_before": Kind("Hang up before", "The connection is closed and nothing was done."),
    "drop_after": Kind("Hang up after", "The request is carried out, but the connection is closed without an answer."),
    "error_after": Kind(
        "Error after",
        "The request is carried out, and still the answer is an error {status}.",
        {"status": 500, "detail": "Internal Server Error"},
    ),
    "html": Kind(
        "Web page", "Instead of an answer comes a web page with status {status}.", {"status": 200, "effect": False}
    ),
    "truncated": Kind("Cut off", "The request is carried out; the answer breaks off in the middle.", {"effect": True}),
    "wrong_shape": Kind(
        "Wrong shape",
        "The request is carried out; the answer is JSON, but not the documented one.",
        {"effect": True, "body": {"result": ["unexpected"], "version": 4}},
    ),
    "garbage": Kind("Nonsense", "Instead of an answer come bytes that are no HTTP at all.", {"effect": False}),
    "huge": Kind(
        "Huge answer", "The request is carried out; the answer is {mib} MiB long.", {"mib": 64, "effect": True}
    ),
    "redirect": Kind(
        "Redirect",
        "Nothing is done; the answer points to another host.",
        {"status": 302, "location": "https://elsewhere.example/login", "effect": False},
    ),
}
BOUNDS = {
    "seconds": (0, 3600),
    "pieces": (1, 10_000),
    "status": (200, 599),
    "retry_after": (0, 86_400),
    "mib": (1, 4096),
}
STATUS_BOUNDS = {"error": (400, 599), "error_after": (400, 599), "redirect": (300, 399)}


class BadRule(ValueError):
    """A rule that cannot be: the sentence says why."""


@dataclass
class Rule:
    """Requests whose `METHOD /path` contains (or matches) `match` go wrong in the way of `kind`."""

    kind: str
    match: str = ""
    regex: bool = False
    probability: float = 1.0
    remaining: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    id: int = 0

    def hits(self, line: str) -> bool:
        """Whether the rule is about this `METHOD /path` at all."""
        return re.search(self.match, line) is not None if self.regex else self.match in line

    @property
    def sentence(self) -> str:
        """What the rule does, for a person."""
        text = KINDS[self.kind].sentence
        if self.kind == "slow" and self.options["late"]:
            text = "The request is carried out only after {seconds} s, and answered then."
        return text.format(**{key: _plain(value) for key, value in self.options.items()})

    def as_json(self) -> dict[str, Any]:
        """The rule as the control API shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "match": self.match,
            "regex": self.regex,
            "probability": self.probability,
            "remaining": self.remaining,
            "sentence": self.sentence,
        } | self.options


class Faults:
    """The rules in force. A rule that has run out is removed."""

    def __init__(self, state: State, *, dice: Callable[[], float] = random) -> None:
        self.state = state
        self.dice = dice
        self.rules: list[Rule] = []
        self.limit: int | None = None
        self.limit_seconds = 60.0
        self._recent: deque[float] = deque()
        self.reload()

    def reload(self) -> None:
        """Read everything from the state."""
        self.rules = [
            Rule(
                row["kind"],
                row["pattern"],
                bool(row["regex"]),
                row["probability"],
                row["remaining"],
                json.loads(row["options"]),
                row["id"],
            )
            for row in self.state.rows("SELECT * FROM faults ORDER BY id")
        ]
        limit = json.loads(self.state.setting("limit") or "null")
        self.limit, self.limit_seconds = limit or (None, 60.0)
        self._recent.clear()

    def add(self, rule: Rule) -> Rule:
        """Put a rule in force, behind those that are already."""
        sql = "INSERT INTO faults (pattern, regex, kind, probability, remaining, options) VALUES (?, ?, ?, ?, ?, ?)"
        row = (rule.match, rule.regex, rule.kind, rule.probability, rule.remaining, json.dumps(rule.options))
        rule.id = self.state.db.execute(sql, row).lastrowid or 0
        self.rules.append(rule)
        return rule

    def remove(self, *, id: int | None = None, kind: str | None = None) -> int:
        """Take back one rule, all of a kind, or all; how many those were."""
        gone = [rule for rule in self.rules if (id is None or rule.id == id) and (kind is None or rule.kind == kind)]
        for rule in gone:
            self.state.run("DELETE FROM faults WHERE id = ?", (rule.id,))
            self.rules.remove(rule)
        return len(gone)

    def set_limit(self, requests: int | None, seconds: float = 60.0) -> None:
        """Answer at most so many requests in any `seconds`, the rest with 429; None lifts it."""
        self.state.set_setting("limit", None if requests is None else json.dumps([requests, seconds]))
        self.limit, self.limit_seconds = requests, seconds
        self._recent.clear()

    def over_limit(self, at: float) -> int | None:
        """Count a request against the limit: None, or the whole seconds to come back in."""
        if self.limit is None:
            return None
        while self._recent and self._recent[0] <= at - self.limit_seconds:
            self._recent.popleft()
        if len(self._recent) < self.limit:
            self._recent.append(at)
            return None
        oldest = self._recent[0] if self._recent else at
        return max(1, ceil(oldest + self.limit_seconds - at))

    def pick(self, line: str) -> tuple[Rule | None, Rule | None]:
        """The rules that fire for a request: at most one that slows it down, and one of another kind."""
        slow = other = None
        for rule in list(self.rules):
            if (slow if rule.kind == "slow" else other) is not None or not rule.hits(line):
                continue
            if rule.probability < 1 and self.dice() >= rule.probability:
                continue
            self._use_up(rule)
            if rule.kind == "slow":
                slow = rule
            else:
                other = rule
        return slow, other

    def _use_up(self, rule: Rule) -> None:
        if rule.remaining is None:
            return
        rule.remaining -= 1
        if rule.remaining <= 0:
            self.remove(id=rule.id)
        else:
            self.state.run("UPDATE faults SET remaining = ? WHERE id = ?", (rule.remaining, rule.id))


def parse_rule(given: dict[str, Any]) -> Rule:
    """A rule out of JSON or of a form's strings; BadRule says what is wrong with it."""
    given = {key: value for key, value in given.items() if value != ""}
    kind = given.pop("kind", None)
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadRule(f"kind has to be one of {', '.join(KINDS)}")
    match = given.pop("match", "")
    regex = _flag("regex", given.pop("regex", False))
    if not isinstance(match, str):
        raise BadRule("match has to be text")
    if regex:
        _check_regex(match)
    probability = _number("probability", given.pop("probability", 1), 0, 1)
    times = given.pop("remaining", given.pop("times", None))
    remaining = None if times is None else int(_number("times", times, 1, 1_000_000_000))
    given.pop("times", None)
    options = {name: _option(kind, name, given.pop(name, default)) for name, default in KINDS[kind].options.items()}
    if given:
        raise BadRule(f"{kind} knows no {', '.join(given)}")
    return Rule(kind, match, regex, probability, remaining, options)


def _option(kind: str, name: str, value: Any) -> Any:
    default = KINDS[kind].options[name]
    if isinstance(default, bool):
        return _flag(name, value)
    if isinstance(default, int | float):
        low, high = STATUS_BOUNDS.get(kind, BOUNDS[name]) if name == "status" else BOUNDS[name]
        return type(default)(_number(name, value, low, high))
    if isinstance(default, str) and (not isinstance(value, str) or "\r" in value or "\n" in value):
        raise BadRule(f"{name} has to be one line of text")
    return value


def _number(name: str, value: Any, low: float, high: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = low - 1
    if isinstance(value, bool) or not low <= number <= high:
        raise BadRule(f"{name} has to be a number from {low} to {high}")
    return number


def _flag(name: str, value: Any) -> bool:
    words = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
    if str(value).lower() not in words:
        raise BadRule(f"{name} has to be true or false")
    return words[str(value).lower()]


def _check_regex(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise BadRule(f"match is no regular expression: {error}") from None


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
