"""What the rest of the system asks: read models kept up with the store, and their queries."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Final, Protocol, TypeVar

from domain.recorded import Stored
from projections import VIEWS, lineage, personas, proposals, snapshots, sources, totals
from projections.privacy import EVERYTHING, NOBODY, Reader
from projections.rows import LineageRow, PersonaRow, ProposalRow, SnapshotRow, SourceRow, Totals
from projections.view import Cursor, View
from services.store.errors import StoreUnavailable
from services.store.watch import Watch
from services.views import from_store
from services.views.events import Events
from services.views.projector import BATCH_EVENTS, Projector
from services.views.reader import ViewReader
from services.views.rebuild import Rebuilt
from services.views.standing import Problem, Standing

logger = logging.getLogger(__name__)

T = TypeVar("T")

_READERS: Final = 4
_RETRY_SECS: Final = 0.5
_LOOK_SECS: Final = 0.05


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
        """Make the tables that are missing; views of an earlier version are built anew first.

        Until they are, whoever reads them finds the old ones.

        Args:
            events: the recorder.
            conninfo: where PostgreSQL is, as URL or keywords.
            views: the read models to keep.
            batch_events: most events of one transaction.

        Raises:
            StoreUnavailable: no server, or not permitted; or what others made depends on a view
                of an earlier version.
        """
        self._events = events
        self._views = {view.name: view for view in views}
        self._watch = Watch()
        self._projector = Projector(events, conninfo, views, self._watch.advance, batch_events)
        self._conninfo = conninfo
        with ExitStack() as opening:
            opening.callback(self._projector.close)
            anew = [from_store.upgrade(events, conninfo, view) for view in self._projector.outdated]
            opening.pop_all()
        self.upgraded = [done for done in anew if done]
        """What was built anew first."""
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

        False if one is stopped before it in its partition (see `problems`), or the time is up: so
        while one catches up there.
        Where nobody follows in this process, it catches up by itself.

        Raises:
            StoreUnavailable: the server is out of reach.
        """
        try:
            async with asyncio.timeout(timeout_secs):
                if not self._followers:
                    await asyncio.to_thread(self.catch_up)
                if await self._watch.beyond(position - 1) is None:
                    return False
                while True:
                    shown = await asyncio.to_thread(self._projector.shows, position)
                    if shown is not None:
                        return shown
                    await asyncio.sleep(_LOOK_SECS)
        except TimeoutError:
            return False

    def rebuild(self, name: str) -> Rebuilt:
        """Build a view anew from the store; queries find the old one until that is done.

        Raises:
            KeyError: there is no view of this name.
            NotRebuilt: the old one must stay in use; see `errors`.
            StoreUnavailable: the server is out of reach.
        """
        view = self._views[name]
        self.catch_up()
        done = from_store.rebuild(self._events, self._conninfo, view)
        self.catch_up()
        return done

    def problems(self) -> list[Problem]:
        """Return what holds up views that are kept here, the event at fault and why."""
        return self._projector.problems()

    def standings(self) -> list[Standing]:
        """Return how each view stands, those kept apart included."""
        return self._projector.standings()

    def ask(self, query: Callable[[Cursor], T], reader: Reader = NOBODY) -> T:
        """Return what a query of a read model finds; of memory, what its reader may see.

        Raises:
            StoreUnavailable: the server is out of reach.
        """
        return self._reader.ask(query, reader)

    def personas(
        self, swarm_id: str | None = None, status: str | None = None, tag: str | None = None,
        after: str | None = None, limit: int = 100,
    ) -> list[PersonaRow]:  # fmt: skip
        """Return personas, oldest first, those spawned after the persona `after`."""
        return self.ask(
            lambda cursor: personas.select(
                cursor, swarm_id=swarm_id, status=status, tag=tag, after=after, limit=limit
            )
        )

    def persona(self, persona_id: str) -> PersonaRow | None:
        """Return a persona, None if there never was one of this id."""
        return self.ask(lambda cursor: personas.one(cursor, persona_id))

    def everybody(self) -> list[PersonaRow]:
        """Return every persona of every swarm, reaped ones included, parents first."""
        return self.ask(personas.everybody)

    def lineage(
        self, swarm_id: str | None = None, kin: lineage.Kin | None = None,
        moment: lineage.Moment = lineage.NOW,
    ) -> list[LineageRow]:  # fmt: skip
        """Return who descends from whom, parents first: over every swarm, or as asked for."""
        return self.ask(
            lambda cursor: lineage.select(cursor, swarm_id=swarm_id, kin=kin, moment=moment)
        )

    def proposals(
        self, swarm_id: str | None = None, persona_id: str | None = None,
        status: str | None = None, after: str | None = None, limit: int = 100,
    ) -> list[ProposalRow]:  # fmt: skip
        """Return proposals, newest first, those older than the proposal `after`."""
        return self.ask(
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
        return self.ask(lambda cursor: proposals.one(cursor, proposal_id))

    def latest_snapshot(
        self, persona_id: str | None = None, swarm_id: str | None = None, *,
        reader: Reader = EVERYTHING,
    ) -> SnapshotRow | None:  # fmt: skip
        """Return the newest snapshot, of one persona or swarm if given; None if there is none."""
        return self.ask(
            lambda cursor: snapshots.latest(cursor, persona_id=persona_id, swarm_id=swarm_id),
            reader,
        )

    def totals(self, swarm_id: str | None = None) -> Totals:
        """Return the counts of a swarm, or of everything."""
        return self.ask(lambda cursor: totals.of(cursor, swarm_id))

    def sources(self, swarm_id: str) -> list[SourceRow]:
        """Return the sources of a swarm by name."""
        return self.ask(lambda cursor: sources.select(cursor, swarm_id))

    def lossy_sources(self, limit: int) -> list[SourceRow]:
        """Return sources of every swarm, those that lost most first."""
        return self.ask(lambda cursor: sources.lossy_first(cursor, limit))

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
