"""A line for what matters, while `up` runs."""

import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from domain.events import (
    ActionExecuted,
    ApprovalGranted,
    CheckResult,
    Event,
    HypothesisRaised,
    PersonaPaused,
    PersonaReaped,
    PersonaResumed,
    PersonaSpawned,
    PolicyDecided,
    ProposalRejected,
)
from services.app import App
from services.cli.digest import ACTOR
from services.cli.options import again
from services.cli.screen import said, short, show
from services.store.codec import decode

if TYPE_CHECKING:
    from rich.text import Text

logger = logging.getLogger(__name__)

Telling = Callable[[datetime, str, str, str], bool]
TOPICS: Final = tuple(
    each.topic
    for each in (
        PersonaSpawned, PersonaReaped, PersonaPaused, PersonaResumed, HypothesisRaised,
        CheckResult, PolicyDecided, ApprovalGranted, ProposalRejected, ActionExecuted,
    )
)  # fmt: skip
STYLES: Final = {
    "spawned": "cyan", "supposes": "", "refuted": "yellow", "waiting": "bold red",
    "approved": "green", "rejected": "yellow", "executed": "bold green", "reaped": "cyan",
    "paused": "yellow", "resumed": "cyan",
}  # fmt: skip
WIDEST: Final = max(map(len, STYLES))


class Announcer:
    """Follows the store and tells; what it tells comes from anywhere: who shows it escapes it."""

    def __init__(
        self, app: App, home: str | None, tell: Telling, named: Callable[[str], str] = short
    ) -> None:
        """Prepare.

        Args:
            app: whose store to follow.
            home: the folder given as a flag, to be named in commands as well.
            tell: takes when it was, a word, a line and the word's style; False: nobody listens.
            named: writes an id as it is to be typed.
        """
        self._app = app
        self._home = home
        self._tell = tell
        self._named = named

    async def run(self, after: int) -> None:
        """Tell what matters of all that is stored after a position, until the store closes."""
        async for batch in self._app.recorder.follow(after, topics=TOPICS):
            for stored in batch:
                event = decode(stored.state)
                told = await asyncio.to_thread(self.told, event)
                if told and not self._tell(event.occurred_at, *told, STYLES[told[0]]):
                    return

    def told(self, event: Event) -> tuple[str, str] | None:
        """Return a word and a line for an event that matters."""
        if event.actor == ACTOR and isinstance(event, PersonaPaused | PersonaResumed):
            return None  # a run holds its root back while it reads
        return _of_a_life(event) or _of_a_thought(event) or self._of_a_proposal(event)

    def _of_a_proposal(self, event: Event) -> tuple[str, str] | None:
        match event:
            case PolicyDecided(decision="require_approval"):
                proposal = self._app.gate.load(event.proposal_id)
                look = again("approve", self._named(event.proposal_id), home=self._home)
                return "waiting", f"{look}: {proposal.content.title} ({proposal.risk} risk)"
            case ApprovalGranted():
                return "approved", f"{self._title(event.proposal_id)} by {event.actor}"
            case ProposalRejected():
                why = "; ".join(event.reasons)
                return "rejected", f"{self._title(event.proposal_id)} ({event.stage}): {why}"
            case ActionExecuted():
                return "executed", f"{self._title(event.proposal_id)}: {event.outcome}"
            case _:
                return None

    def _title(self, proposal_id: str) -> str:
        return self._app.gate.load(proposal_id).content.title


def _of_a_life(event: Event) -> tuple[str, str] | None:
    match event:
        case PersonaSpawned():
            parent = f" by {event.identity.parent_id}" if event.identity.parent_id else ""
            return "spawned", f"{event.persona_id}{parent}: {event.identity.name}"
        case PersonaReaped():
            return "reaped", f"{event.persona_id}: {event.reason}"
        case PersonaPaused():
            until = f" until {event.until:%H:%M:%S} UTC" if event.until else ""
            return "paused", f"{event.persona_id}: {event.reason}{until}"
        case PersonaResumed():
            return "resumed", f"{event.persona_id}: {event.reason}"
        case _:
            return None


def _of_a_thought(event: Event) -> tuple[str, str] | None:
    match event:
        case HypothesisRaised():
            return "supposes", f"{event.persona_id}: {event.claim} ({event.confidence:.2f})"
        case CheckResult() if event.outcome != "passed":
            return "refuted", f"{event.persona_id}: {event.outcome}: {event.excerpt}"
        case _:
            return None


def print_line(at: datetime, word: str, line: str, style: str) -> bool:
    """Print one line; False once nobody reads any more, which ends nothing else."""
    moment = f"{at.astimezone():%H:%M:%S}" if sys.stdout.isatty() else f"{at:%Y-%m-%dT%H:%M:%SZ}"
    text: Text = said(f"{moment}  ", "dim")
    text.append_text(said(f"{word:<{WIDEST}}  ", style)).append_text(said(line))
    try:
        show(text)
    except BrokenPipeError:
        logger.warning("nobody reads the announcements any more")
        return False
    return True
