"""The policy: what may be done at all. Whatever no rule allows is denied."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from domain.canonical import canonical_hash
from domain.events.gate import Action
from domain.vocabulary import RISKS
from services.gate.settings import GateSettings, Rule


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says."""

    decision: str
    """allow, deny or require_approval."""
    reasons: tuple[str, ...]
    """Which rules decided, each in words."""
    policy_hash: str
    """SHA-256 of the policy in force, hex."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the policy is asked."""

    action: Action
    risk: str
    allowed_tools: Sequence[str]
    """Tools its persona may use."""
    gate: GateSettings

    @property
    def fitting(self) -> Iterator[Rule]:
        """The rules that speak of the tool and the target."""
        for rule in self.gate.allow:
            if rule.tool == self.action.tool and any(
                matches(self.action.target, pattern) for pattern in rule.targets
            ):
                yield rule

    @property
    def allowing(self) -> Iterator[Rule]:
        """The rules that allow it."""
        for rule in self.fitting:
            if RISKS.index(self.risk) <= RISKS.index(rule.max_risk):
                yield rule


Denial = Callable[[Request], str | None]
"""Tells why not, or None."""


def persona_may_not_use_it(request: Request) -> str | None:
    """A persona uses only tools its limits name."""
    if request.action.tool in request.allowed_tools:
        return None
    return f"its persona may not use {request.action.tool}"


def there_is_no_such_tool(request: Request) -> str | None:
    """A tool the settings do not have can't be used."""
    if request.action.tool in request.gate.tools:
        return None
    return f"there is no tool {request.action.tool}"


def nothing_speaks_of_it(request: Request) -> str | None:
    """What no rule speaks of is denied."""
    if any(request.fitting):
        return None
    return f"no rule speaks of {request.action.tool} on {request.action.target}"


def it_is_too_risky(request: Request) -> str | None:
    """What is riskier than every rule on it allows is denied."""
    if any(request.allowing) or not any(request.fitting):
        return None
    return f"no rule allows {request.risk} risk for {request.action.tool}"


DENIALS: tuple[Denial, ...] = (
    persona_may_not_use_it,
    there_is_no_such_tool,
    nothing_speaks_of_it,
    it_is_too_risky,
)
"""Any of these denies; all are told."""


class Policy:
    """The policy in force, from the settings."""

    def __init__(self, gate: GateSettings) -> None:
        self.gate = gate

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the policy as RFC 8785 JSON, hex."""
        return canonical_hash(self.gate.model_dump(mode="json"))

    def decide(self, action: Action, risk: str, allowed_tools: Sequence[str]) -> Decision:
        """Judge an action of this risk by a persona that may use these tools."""
        request = Request(action, risk, allowed_tools, self.gate)
        denied = tuple(why for denial in DENIALS if (why := denial(request)))
        if denied:
            return Decision("deny", denied, self.hash)
        allowing = list(request.allowing)
        allowed = (f"{risk} risk for {action.tool} on {action.target} is allowed",)
        if any(rule.needs_approval for rule in allowing):
            asked = (*allowed, f"a rule for {action.tool} wants a person's approval")
            return Decision("require_approval", asked, self.hash)
        return Decision("allow", allowed, self.hash)


def matches(target: str, pattern: str) -> bool:
    """Tell whether a target fits a shell pattern: `*` alone fits any, else it stops at a `/`."""
    if pattern == "*":
        return True
    parts, wanted = target.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))
