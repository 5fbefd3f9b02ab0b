"""What a confirmed finding suggests to do. Deciding whether it is done is the gate's."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from services.cognition.statistical.finding import FAILING_SOURCE, Finding, times

_TEXT = 400


@dataclass(frozen=True, slots=True)
class Suggested:
    """An action to propose.

    Attributes:
        tool, target, arguments: as a proposal's action has them; the target is relative to
            the folder of the actuator.
        risk: 'low' or 'high', as seen from here.
        title: what and why, in one line.
    """

    tool: str
    target: str
    arguments: Mapping[str, str]
    risk: str
    title: str


def _is_own(source: str) -> bool:
    """Whether a source is the machine itself: to deny it would hurt nobody else."""
    try:
        found = ip_address(source)
    except ValueError:
        return source == "localhost"
    return source in {"127.0.0.1", "::1"} or found.is_unspecified or found.is_multicast


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"


def suggest(finding: Finding) -> Suggested:
    """The action for a finding: deny a failing source, tell of anything else."""
    count = times(finding.count, finding.capped)
    if finding.kind == FAILING_SOURCE and not _is_own(finding.subject):
        return Suggested(
            tool="file.append",
            target="deny.list",
            arguments={"line": finding.subject},
            risk="high",
            title=_cut(f"Deny {finding.subject}: '{finding.signature}' {count}"),
        )
    what = f" of {finding.subject}" if finding.subject else ""
    return Suggested(
        tool="notify",
        target="notifications.log",
        arguments={"line": _cut(finding.claim)},
        risk="low",
        title=_cut(f"Tell of '{finding.signature}'{what}: {count}"),
    )
