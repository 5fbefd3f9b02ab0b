"""What the rest of the system asks: read models kept up with the store, and their queries."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final, Protocol

from projections import VIEWS, personas, proposals, snapshots, sources, totals
from projections.rows import PersonaRow, ProposalRow, SnapshotRow, SourceRow, Totals
from projections.view import View
from services.store.errors import StoreUnavailable
from services.store.save import Stored
from services.store.watch import Watch
from services.views.progress import Problem
from services.views.projector import BATCH_EVENTS, Events, Projector
from services.views.reader import ViewReader

logger = logging.getLogger(__name__)

_READERS: Final = 4
_RETRY_SECS: Final = 0.5


class _Closed(Exception):
    """There is nothing more to follow."""


class FollowedEvents(Events, Protocol):
    """The store as views read it, and hear of it."""

    def follow(self, after: int = 0) -> AsyncIterator[Sequence[Stored]]:
        """Yield batches of what is after a position, and what comes, until the store closes."""
        ...


class Views:
    """The read models. Queries may be asked from any thread; they show the last catch-up.

    Close it when done.
    """

    def __init__(
        self,
        events: FollowedEvents,
        conninfo: str,
        *,
        views: Sequence[View] = VIEWS,
        batch_events: int = BATCH_EVENTS,
    ) -> None:
        """Make the tables that are missing; those of an earlier version are emptied.

        Args:
            events: the recorder.
            conninfo: where PostgreSQL is, as URL or keywords.
            views: the read models to keep.
            batch_events: most events of one transaction.

        Raises:
            StoreUnavailable: no server, or not permitted.
        """
        self._events = events
        self._watch = Watch()
        self._projector = Projector(events, conninfo, views, self._watch.advance, batch_events)
        self._reader = ViewReader(conninfo, _READERS)
        self._followers = 0

    def catch_up(self) -> int:
        """Bring the views up to where the store is now; return that position.

        Any number of threads and processes may do so at once.

        Raises:
            StoreUnavailable: the server is out of reach.
        """
        return self._projector.catch_up()

    async def follow(self) -> None:
        """Keep the views up with the store, until either is closed."""
        self._followers += 1
        try:
            with suppress(_Closed):
                async for _ in self._events.follow(await self._persist()):
                    await self._persist()
        finally:
            self._followers -= 1

    async def reached(self, position: int, timeout_secs: float = 5.0) -> bool:
        """Wait until the views take in a position: then a writer reads what it wrote.

        False if one is stopped before it (see `problems`), or the time is up. Where nobody follows
        in this process, it catches up by itself.

        Raises:
            StoreUnavailable: the server is out of reach.
        """
        try:
            async with asyncio.timeout(timeout_secs):
                if not self._followers:
                    await asyncio.to_thread(self.catch_up)
                taken_in = await self._watch.beyond(position - 1)
        except TimeoutError:
            return False
        return taken_in is not None and not self._projector.stopped_before(position)

    def rebuild(self, name: str) -> None:
        """Delete a view and build it again; until that is done, queries show a part.

        Raises:
            KeyError: there is no view of this name.
            StoreUnavailable: the server is out of reach.
        """
        self._projector.rebuild(name)

    def problems(self) -> list[Problem]:
        """Return the views that are stopped, each with the event at fault and why."""
        return self._projector.problems()

    def personas(
        self, swarm_id: str | None = None, status: str | None = None, tag: str | None = None,
        after: str | None = None, limit: int = 100,
    ) -> list[PersonaRow]:  # fmt: skip
        """Return personas, oldest first, those spawned after the persona `after`."""
        return self._reader.ask(
            lambda cursor: personas.select(
                cursor, swarm_id=swarm_id, status=status, tag=tag, after=after, limit=limit
            )
        )

    def persona(self, persona_id: str) -> PersonaRow | None:
        """Return a persona, None if there never was one of this id."""
        return self._reader.ask(lambda cursor: personas.one(cursor, persona_id))

    def lineage(self) -> list[PersonaRow]:
        """Return every persona of every swarm, reaped ones included, parents first."""
        return self._reader.ask(personas.lineage)

    def proposals(
        self, swarm_id: str | None = None, persona_id: str | None = None,
        status: str | None = None, after: str | None = None, limit: int = 100,
    ) -> list[ProposalRow]:  # fmt: skip
        """Return proposals, newest first, those older than the proposal `after`."""
        return self._reader.ask(
            lambda cursor: proposals.select(
                cursor,
                swarm_id=swarm_id,
                persona_id=persona_id,
                status=status,
                after=after,
                limit=limit,
            )
        )

    def proposal(self, proposal_id: str) -> ProposalRow | None:
        """Return a proposal, None if there is none of this id."""
        return self._reader.ask(lambda cursor: proposals.one(cursor, proposal_id))

    def latest_snapshot(
        self, persona_id: str | None = None, swarm_id: str | None = None
    ) -> SnapshotRow | None:
        """Return the newest snapshot, of one persona or swarm if given; None if there is none."""
        return self._reader.ask(
            lambda cursor: snapshots.latest(cursor, persona_id=persona_id, swarm_id=swarm_id)
        )

    def totals(self, swarm_id: str | None = None) -> Totals:
        """Return the counts of a swarm, or of everything."""
        return self._reader.ask(lambda cursor: totals.of(cursor, swarm_id))

    def sources(self, swarm_id: str) -> list[SourceRow]:
        """Return the sources of a swarm by name."""
        return self._reader.ask(lambda cursor: sources.select(cursor, swarm_id))

    def close(self) -> None:
        """Drop every connection."""
        self._watch.close()
        self._projector.close()
        self._reader.close()

    async def _persist(self) -> int:
        """Catch up, however often the server is out of reach meanwhile."""
        while True:
            try:
                return await asyncio.to_thread(self.catch_up)
            except StoreUnavailable as error:
                if self._watch.closed:
                    raise _Closed from error
                logger.warning("the views are behind, trying on", extra={"why": str(error)})
                await asyncio.sleep(_RETRY_SECS)
