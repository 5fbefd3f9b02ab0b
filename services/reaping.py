"""Ends personas with what stays of their minds; a cascade goes leaves first, one save each."""

from collections.abc import Sequence

from domain.context import Context
from domain.errors import PersonaNotFound
from domain.events import SnapshotCompressed
from domain.mind import Decided
from projections.lineage import Kin
from services.cognition.recollection import MindMoved, catch_up, must_be_whole, recollect
from services.commands import lifecycle
from services.executor import Executor
from services.store.recorder import Recorder
from services.unit_of_work import Unit
from services.views import Views

PAGE = 1_000
PATIENCE = 5
"""Times a mind that moved is distilled anew before its persona is held."""


class Reaper:
    """Reaps personas."""

    def __init__(self, executor: Executor, recorder: Recorder, views: Views) -> None:
        self._executor = executor
        self._recorder = recorder
        self._views = views

    def reap(
        self,
        context: Context,
        persona_id: str,
        reason: str,
        *,
        cascade: bool = False,
        cascade_root: str | None = None,
        note: str | None = None,
    ) -> list[str]:
        """Reap a persona, with its whole subtree if asked; return whom it ended, leaves first.

        With a `cascade_root`, an earlier reaping of that persona was to take this one along; a
        cascade without one has this persona as its root.

        Raises:
            PersonaNotFound: none has this id.
        """
        self._views.catch_up()
        below = self._below(persona_id) if cascade else []
        root = cascade_root or (persona_id if cascade else None)
        ended = []
        for each in (*below, persona_id):
            why = reason if each == persona_id else "cascade"
            if self._reap_one(context, each, why, root, note):
                ended.append(each)
        return ended

    def decided(self, persona_id: str) -> list[Decided]:
        """Return the proposals of a persona, oldest first, as snapshots cite them."""
        self._views.catch_up()
        rows = self._views.proposals(persona_id=persona_id, limit=PAGE)
        return [Decided(r.proposal_id, r.title, r.status) for r in reversed(rows)]

    def _below(self, persona_id: str) -> list[str]:
        """Return who lives below a persona, the deepest first: so leaves before their parents."""
        kin = self._views.lineage(kin=Kin(persona_id, "descendants"))
        deepest_first = sorted(kin, key=lambda row: -row.depth)
        return [
            row.persona_id
            for row in deepest_first
            if row.status != "reaped" and row.persona_id != persona_id
        ]

    def _reap_one(
        self, context: Context, persona_id: str, reason: str, root: str | None, note: str | None
    ) -> bool:
        mind = recollect(self._recorder, persona_id)
        turns = 0
        while True:
            decided = self.decided(persona_id)

            def command(unit: Unit, decided: Sequence[Decided] = decided) -> bool:
                persona = unit.persona(persona_id)
                if not persona.exists:
                    raise PersonaNotFound(persona_id)
                if not persona.reaped:
                    must_be_whole(unit, mind)

                def distil(unit: Unit) -> SnapshotCompressed:
                    envelope = unit.context.envelope(persona.swarm_id, persona_id)
                    body = mind.distil(decided)
                    return SnapshotCompressed(**envelope, snapshot_id=unit.context.new_id(), **body)

                to_cite = mind.to_cite(decided)
                return lifecycle.reap(unit, persona_id, reason, distil, to_cite, root, note)

            try:
                return self._executor.run(context, command).result
            except MindMoved:
                turns += 1
                if turns == PATIENCE:  # whoever pushes its thoughts may push on for ever
                    self._hold(context, persona_id)
                catch_up(self._recorder, mind)

    def _hold(self, context: Context, persona_id: str) -> None:
        def hold(unit: Unit) -> None:
            if not unit.persona(persona_id).reaped:
                lifecycle.pause(unit, persona_id)

        self._executor.run(context, hold)
