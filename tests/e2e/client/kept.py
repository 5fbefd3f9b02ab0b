"""What is stored of a persona."""

from domain.events import BudgetSettled
from domain.recorded import Recorded
from services.store.recorder import Recorder
from tests.checks import history


def of(persona: str, kept: Recorder) -> list[Recorded]:
    """What is stored of a persona."""
    return [each for each in history(kept) if each.event.persona_id == persona]


def topics(persona: str, kept: Recorder) -> list[str]:
    return [each.event.topic for each in of(persona, kept)]


def settled(persona: str, kept: Recorder) -> list[int]:
    """What each settled reservation of a persona came to, in tokens."""
    events = [each.event for each in history(kept)]
    ends = [each for each in events if isinstance(each, BudgetSettled)]
    spent = [each for end in ends for each in end.spent]
    return [each.tokens for each in spent if each.holder == f"persona/{persona}"]
