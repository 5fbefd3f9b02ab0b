"""The risk of an action, assessed from what it is, never taken on trust."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.events.gate import Action
from domain.vocabulary import RISKS, worse
from services.gate.settings import Tool

_WIDEST = {4: 16, 6: 32}
"""Shortest prefix of a network that is still one party, by IP version."""
_BETWEEN_WORDS = re.compile(r"[\s,;\"'=()\[\]{}]+")


@dataclass(frozen=True, slots=True)
class Risk:
    """A level, and what makes it so."""

    level: str
    reason: str


Raise = Callable[[Action, Mapping[str, Tool]], Risk | None]
"""Looks for one reason why an action is riskier than it looks."""


def tool_is_risky(action: Action, tools: Mapping[str, Tool]) -> Risk | None:
    """Each tool has a least risk; one nobody knows could do anything."""
    tool = tools.get(action.tool)
    if tool is None:
        return Risk("critical", f"nobody knows what {action.tool} does")
    return Risk(tool.risk, f"{action.tool} is at least {tool.risk}")


def target_leads_away(action: Action, tools: Mapping[str, Tool]) -> Risk | None:
    """A path that is not plainly below the allowed folder aims at something else."""
    tool = tools.get(action.tool)
    if tool is None or tool.file is not None:
        return None
    parts = action.target.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in action.target:
        return Risk("critical", f"{action.target} leads away from the allowed folder")
    return None


def reach_is_wide(action: Action, tools: Mapping[str, Tool]) -> Risk | None:
    """A tool that is risky for one address is critical for a whole network of them."""
    tool = tools.get(action.tool)
    if tool is None or RISKS.index(tool.risk) < RISKS.index("high"):
        return None
    for word in _BETWEEN_WORDS.split(f"{action.target} {action.arguments}"):
        network = _network(word)
        if network and network.prefixlen < _WIDEST[network.version]:
            return Risk("critical", f"{word} is {network.num_addresses:,} addresses")
    return None


RAISES: Sequence[Raise] = (tool_is_risky, target_leads_away, reach_is_wide)
"""Everything that can raise a risk."""


def assess(action: Action | None, authors: str, tools: Mapping[str, Tool]) -> tuple[str, str]:
    """Return the risk of an action, never below its author's, and why it is so."""
    level, reasons = authors, [f"its author says {authors}"]
    for found in _found(action, tools):
        level = worse(level, found.level)
        reasons.append(found.reason)
    return level, f"{level}: {'; '.join(reasons)}"


def _found(action: Action | None, tools: Mapping[str, Tool]) -> Iterator[Risk]:
    if action is not None:
        yield from (found for each in RAISES if (found := each(action, tools)))


def _network(word: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if "/" not in word:
        return None
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        return None
