"""What a check finds."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["fine", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    verdict: Verdict
    """fine; warning: it works, but not as well or safely as it could; wrong: it will not work."""
    found: str
    fix: str | None = None
    """What to do, where it is not fine."""

    @property
    def fine(self) -> bool:
        """Whether it works."""
        return self.verdict != "wrong"


def fine(check: str, found: str) -> Finding:
    """Return a finding that nothing has to be done about."""
    return Finding(check, "fine", found)


def warning(check: str, found: str, fix: str) -> Finding:
    """Return a finding of what should be better."""
    return Finding(check, "warning", found, fix)


def wrong(check: str, found: str, fix: str) -> Finding:
    """Return a finding of what will not work."""
    return Finding(check, "wrong", found, fix)
