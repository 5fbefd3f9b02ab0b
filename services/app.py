"""The composition root: everything is wired here, and nothing is built at import."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Self

from domain.asking import REPLY
from domain.context import Context
from domain.ports import Thinker
from services import clock, team
from services.bus.connect import client
from services.bus.relay import Relay
from services.cognition.governor import Governor
from services.cognition.loop import Loop, Means
from services.cognition.making import make_thinkers
from services.cognition.statistical.thinker import StatisticalThinker
from services.cognition.thinking import Thinking
from services.commands import lifecycle
from services.executor import Executor
from services.gate.gate import Gate
from services.memory.blackboard import Blackboard
from services.memory.cold import ColdSnapshots
from services.memory.embedders import chosen
from services.memory.hot import HotRings
from services.memory.indexer import Indexer
from services.memory.query import QueryEmbedder
from services.memory.remembering import Remembering
from services.memory.search import Search
from services.memory.warm import Warm
from services.picture.meter import Meter
from services.reaping import Reaper
from services.reconciliation import Reconciler
from services.reconciliation.rule import Parts
from services.settings import Settings
from services.store.embedded import EmbeddedPostgres
from services.store.migrate import migrate
from services.store.recorder import Recorder
from services.store.save import Fence
from services.store.session_lock import SessionLock
from services.tokens import Tokens
from services.unit_of_work import Unit
from services.views import Views


class App:
    """One process of Perpetua: its store, its views, its gate, its loop."""

    def __init__(self, settings: Settings, thinker: Thinker | None = None) -> None:
        """Open the store, starting the embedded one if no other is set.

        Raises:
            StoreUnavailable: it can't be opened; says what to do.
        """
        self.settings = settings
        with ExitStack() as opening:
            self._embedded = None if settings.database_url else EmbeddedPostgres(settings.home)
            if self._embedded:
                opening.callback(self._embedded.stop_if_last_user)
            revive = self._embedded.start if self._embedded else None
            self.conninfo = revive() if revive else str(settings.database_url)
            self.partitions = migrate(self.conninfo, settings.partitions)
            self.recorder = Recorder(self.conninfo, revive=revive)
            opening.callback(self.recorder.close)
            self.executor = Executor(self.recorder, self.partitions)
            opening.callback(self.executor.close)
            self.views = Views(self.recorder, self.conninfo)
            opening.callback(self.views.close)
            self.hot = HotRings(self.recorder)
            embedder = chosen(settings.memory)
            self.search = Search(self.views, QueryEmbedder(embedder), settings.memory)
            self.blackboard = Blackboard(self.views, clock.now)
            self.remembering = Remembering(
                self.hot, Warm(self.search), ColdSnapshots(self.views), self.blackboard
            )
            self.tokens = Tokens.open(settings)
            self.bus = client(settings.kafka, settings.bus) if settings.kafka else None
            self._opened = opening.pop_all()
        self.reaper = Reaper(self.executor, self.recorder, self.views)
        self.gate = Gate(self.executor, self.recorder, self.views, settings, self.conninfo)
        self.indexer = Indexer(self.conninfo, embedder, self.recorder.head, self._shows_all)
        self.reconciler = Reconciler(
            Parts(self.executor, self.recorder, self.views, self.reaper, self.gate),
            settings.reconcile_interval_secs,
        )
        self.thinkers = make_thinkers(
            thinker or StatisticalThinker(),
            settings.models,
            settings.default_thinker,
            {n: t.does for n, t in settings.gate.tools.items() if n != REPLY},
        )
        self.meter = Meter()
        self.loop = Loop(
            Means(
                self.executor,
                self.recorder,
                self.views,
                SessionLock(self.conninfo, "perpetua loop"),
                self._think_with,
                self._before_thinking,
                settings.cognition_enabled,
            ),
            settings.cognition.loop_interval_ms,
        )

    def relay(self) -> Relay | None:
        """Make what publishes this store's events, if there is a Kafka."""
        if self.bus is None:
            return None
        return Relay(self.recorder, self.conninfo, self.bus, self.settings.bus, self.partitions)

    def seed(self) -> None:
        """Spawn the default team's root, unless somebody lives already."""
        self._seed_unless(lambda unit: unit.fabric().live_personas > 0)

    def seed_core(self) -> None:
        """Spawn a root in the default swarm, unless somebody lives there.

        One after the first sees only what comes from now.
        """
        self._seed_unless(lambda unit: bool(unit.swarm(lifecycle.DEFAULT_SWARM).live))

    def _seed_unless(self, somebody_lives: Callable[[Unit], bool]) -> None:
        first = team.root(self.settings)
        later = team.another_root(self.settings, since=self.recorder.head() + 1)

        def command(unit: Unit) -> None:
            if not somebody_lives(unit):
                new = later if unit.persona(first.persona_id).exists else first
                lifecycle.spawn(unit, new, self.settings.limits)

        self.executor.run(self.executor.context("system:team"), command)

    def spawn(self, context: Context, new: lifecycle.NewPersona) -> int:
        """Spawn a persona; return the position of its last event."""
        limits = self.settings.limits
        return self.executor.run(context, lambda unit: lifecycle.spawn(unit, new, limits)).position

    def close(self) -> None:
        """Close the store; stop the embedded one if nobody else uses it."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _think_with(self, fence: Fence, interval_secs: float) -> Thinking:
        return Thinking(
            executor=self.executor,
            recorder=self.recorder,
            governor=Governor(self.executor, self.settings.limits),
            thinkers=self.thinkers,
            remembering=self.remembering,
            settings=self.settings.cognition,
            ceilings=self.settings.limits,
            fence=fence,
            interval_secs=interval_secs,
            decided=self.reaper.decided,
            idle_for=self._idle_for,
            reap=lambda persona_id, reason: self.reaper.reap(
                self.executor.context("system:scheduler"), persona_id, reason
            ),
        )

    def _shows_all(self) -> bool:
        """Tell whether warm memory shows everything that is stored."""
        return any(s.name == "memories" and s.behind == 0 for s in self.views.standings())

    async def _before_thinking(self) -> None:
        await asyncio.to_thread(self.gate.recover)

    def _idle_for(self, persona_id: str) -> timedelta:
        """Tell how long a persona made no progress; time the fabric was down does not count."""
        self.views.catch_up()
        row = self.views.persona(persona_id)
        since = (row.last_thought_at or row.created_at) if row else None
        if since is None:
            return timedelta()
        context = self.executor.context("system:scheduler")
        now = clock.now()
        return self.executor.run(context, lambda unit: unit.fabric().uptime(since, now)).result
