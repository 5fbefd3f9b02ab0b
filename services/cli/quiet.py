"""When a swarm has come to rest: nothing unread, nobody at work, no proposal on its way."""

import asyncio
import time
from typing import Final

from domain.streams import SEGMENT_SIZE as PAGE
from projections.rows import PersonaRow
from services.app import App
from services.cognition.recollection import recollect
from services.cognition.scheduler import TOPICS
from services.gate.gate import UNFINISHED

LOOK_SECS: Final = 0.05
LOOK_ELSEWHERE_SECS: Final = 0.25
STILL_SECS: Final = 1.0
"""How long nothing may have happened in a swarm another process thinks for."""
GATE_SECS: Final = 30.0
"""How long a proposal may be on its way without a step."""
BUDGET_SECS: Final = 90.0
"""How long a persona may be out of budget without a thought: a whole window did not suffice."""


class Quiet:
    """Watches one swarm, whose loop runs here or in another process."""

    def __init__(self, app: App, swarm_id: str) -> None:
        self.waits: str | None = None
        """What it waits for, where that is not plain thinking."""
        self.starved: str | None = None
        """Who did not finish, because no budget holds the next step."""
        self.nobody_thinks = False
        """Whether the loop seems to have ended elsewhere."""
        self._app = app
        self._swarm_id = swarm_id
        self._woken = 0
        self._read = 0
        self._events = -1
        self._thoughts = -1
        self._moved_at = self._thought_at = time.monotonic()

    async def reached(self) -> bool:
        """Look once, after a moment; tell whether the swarm rests, and will."""
        here = self._app.loop.running
        await asyncio.sleep(LOOK_SECS if here else LOOK_ELSEWHERE_SECS)
        return await (self._here() if here else asyncio.to_thread(self._elsewhere))

    async def _here(self) -> bool:
        head = await asyncio.to_thread(self._look)
        if not self._app.loop.rests(self._woken):
            return False
        rests = await asyncio.to_thread(self._nothing_pending)
        return rests and head == await asyncio.to_thread(self._app.recorder.head)

    def _elsewhere(self) -> bool:
        self._look()
        still_secs = time.monotonic() - self._moved_at
        if still_secs < STILL_SECS:
            return False
        rows = self._app.views.personas(self._swarm_id, limit=PAGE)
        rests = all(self._has_digested(row) for row in rows if row.status == "active")
        self.nobody_thinks = not rests and still_secs > 2 * STILL_SECS
        return rests and self._nothing_pending()

    def _look(self) -> int:
        """See what has happened since the last look; return the store's last position."""
        recorder, views = self._app.recorder, self._app.views
        head = views.catch_up()
        while found := recorder.read(self._woken, PAGE, topics=TOPICS, upto=head):
            self._woken = found[-1].position
        totals = views.totals(self._swarm_id)
        if totals.events != self._events:
            self._events, self._moved_at = totals.events, time.monotonic()
        if totals.thoughts != self._thoughts:
            self._thoughts, self._thought_at = totals.thoughts, time.monotonic()
        return head

    def _has_digested(self, row: PersonaRow) -> bool:
        """Tell whether a persona ended its cycle, the root with all that came in."""
        mind = recollect(self._app.recorder, row.persona_id)
        return mind.last_phase is None and (
            row.parent_id is not None or mind.seen >= self._last_observed()
        )

    def _last_observed(self) -> int:
        sources = self._app.views.sources(self._swarm_id)
        return max((source.last_position for source in sources), default=0)

    def _nothing_pending(self) -> bool:
        self.waits = self._budget() or self._gate()
        return self.waits is None

    def _budget(self) -> str | None:
        paused = self._app.views.personas(self._swarm_id, "paused", limit=PAGE)
        hungry = [row for row in paused if row.paused_reason == "budget"]
        waiting = [row for row in hungry if row.paused_until]
        if waiting and time.monotonic() - self._thought_at <= BUDGET_SECS:
            return f"{waiting[0].name} waits for the next minute's budget"
        if hungry:
            self.starved = hungry[0].name
        return None

    def _gate(self) -> str | None:
        for status in UNFINISHED:
            for row in self._app.views.proposals(self._swarm_id, status=status, limit=PAGE):
                stuck = time.monotonic() - self._moved_at > GATE_SECS
                if not stuck and (row.action or status != "verified"):
                    return f"proposal {row.proposal_id} is on its way through the gate"
        return None
