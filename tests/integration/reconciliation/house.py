"""What one process has that reconciles, and short words for how things come to be broken."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from domain.budget import Credits, LeaseRequest
from domain.context import Context
from domain.events import Event
from services.commands import budget, loop
from services.commands.lifecycle import Ceilings
from services.reaping import Reaper
from services.reconciliation import Reconciled, Reconciler
from services.reconciliation.rule import Asking, Parts
from services.store.codec import decode
from services.store.recorder import Recorder
from services.unit_of_work import Unit
from tests.integration.gate.house import House as GateHouse

T = TypeVar("T")

CLOCK = Asking("system:reconciliation")
PERSON = Asking("user:eve", "request", by_person=True)


class House(GateHouse):
    """One process that reconciles."""

    def __init__(self, store: Recorder, database: str, home: Path, **options: Any) -> None:
        super().__init__(store, database, home, **options)
        self.reaper = Reaper(self.executor, store, self.views)
        self.parts = Parts(self.executor, store, self.views, self.reaper, self.gate)
        self.reconciler = Reconciler(self.parts, 0)

    def mend(self, asking: Asking = PERSON) -> list[tuple[str, str, str]]:
        """Reconcile; return rule, subject and outcome of all that was found."""
        return brief(self.reconciler.mend(asking))

    def look(self, asking: Asking = PERSON) -> list[tuple[str, str, str]]:
        """Return what there is to mend, likewise; nothing may be written."""
        before = self.store.head()
        found = brief(self.reconciler.look(asking))
        assert self.store.head() == before
        return found

    def decide(self, command: Callable[[Unit], T], minutes_ago: float = 0) -> T:
        """Run a command, as if some time ago."""
        return self.executor.run(self.ago(minutes_ago), command).result

    def ago(self, minutes: float) -> Context:
        context = self.executor.context("user:eve")
        return replace(context, now=context.now - timedelta(minutes=minutes))

    def begin_loop(self) -> int:
        """Begin another loop; return its epoch."""
        return self.decide(lambda unit: loop.start_loop(unit, [0], 100, None)).epoch

    def lease(self, persona_id: str, minutes_ago: float, epoch: int = 0, tokens: int = 100) -> str:
        """Lease tokens as the loop of an epoch does, or as an agent elsewhere; return the id."""
        request = LeaseRequest("", Credits(tokens), Credits(tokens), epoch)

        def command(unit: Unit) -> str:
            named = replace(request, lease_id=unit.context.new_id())
            budget.lease(unit, persona_id, named, Ceilings())
            return named.lease_id

        return self.decide(command, minutes_ago)

    def stored(self, kind: type[T]) -> list[T]:
        """Return all events of a class."""
        events = [decode(each.state) for each in self.store.read(0, 10_000)]
        return [each for each in events if isinstance(each, kind)]

    def after(self, position: int) -> list[Event]:
        """Return what was stored after a position."""
        return [decode(each.state) for each in self.store.read(position, 10_000)]


def brief(every: list[Reconciled]) -> list[tuple[str, str, str]]:
    return [(each.rule, each.subject, each.outcome) for each in every]
