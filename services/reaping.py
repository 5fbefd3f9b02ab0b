"""Ends personas with what stays of their minds; a cascade goes leaves first, one save each."""

from collections.abc import Sequence

from domain.context import Context
from domain.errors import PersonaNotFound
from domain.events import SnapshotCompressed
from domain.mind import Decided, Mind
from domain.streams import thoughts
from projections.rows import PersonaRow
from services.cognition.recollection import recollect
from services.commands import lifecycle
from services.executor import Executor
from services.store.recorder import Recorder
from services.unit_of_work import Unit
from services.views import Views

PAGE = 1_000


class _Moved(Exception):
    """The persona thought on while its mind was distilled."""


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
        note: str | None = None,
    ) -> list[str]:
        """Reap a persona, with its whole subtree if asked; return whom it ended, leaves first.

        Raises:
            PersonaNotFound: none has this id.
        """
        self._views.catch_up()
        rows = {row.persona_id: row for row in self._views.lineage()} if cascade else {}
        doomed = [*_descendants(rows, persona_id), persona_id] if cascade else [persona_id]
        ended = []
        for each in doomed:
            root = persona_id if each != persona_id else None
            if self._reap_one(context, each, "cascade" if root else reason, root, note):
                ended.append(each)
        return ended

    def decided(self, persona_id: str) -> list[Decided]:
        """Return the proposals of a persona, oldest first, as snapshots cite them."""
        self._views.catch_up()
        rows = self._views.proposals(persona_id=persona_id, limit=PAGE)
        return [Decided(r.proposal_id, r.title, r.status) for r in reversed(rows)]

    def _reap_one(
        self, context: Context, persona_id: str, reason: str, root: str | None, note: str | None
    ) -> bool:
        while True:
            mind = recollect(self._recorder, persona_id)
            decided = self.decided(persona_id)

            def command(
                unit: Unit, mind: Mind = mind, decided: Sequence[Decided] = decided
            ) -> bool:
                persona = unit.persona(persona_id)
                if not persona.exists:
                    raise PersonaNotFound(persona_id)
                if not persona.reaped and unit.log(thoughts(persona_id)).length != mind.length:
                    raise _Moved

                def distil(unit: Unit) -> SnapshotCompressed:
                    envelope = unit.context.envelope(persona.swarm_id, persona_id)
                    body = mind.distil(decided)
                    return SnapshotCompressed(**envelope, snapshot_id=unit.context.new_id(), **body)

                to_cite = mind.to_cite(decided)
                return lifecycle.reap(unit, persona_id, reason, distil, to_cite, root, note)

            try:
                return self._executor.run(context, command).result
            except _Moved:
                continue


def _descendants(rows: dict[str, PersonaRow], persona_id: str) -> list[str]:
    """Return all below a persona, leaves first."""
    row = rows.get(persona_id)
    if row is None:
        return []
    return [each for child in row.children for each in (*_descendants(rows, child), child)]
