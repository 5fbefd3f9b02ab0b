"""Cold memory: the states of mind a persona distilled, read through the views."""

import asyncio

from domain.thinking import Memory
from projections import privacy
from projections.rows import SnapshotRow
from services.views import Views


class ColdSnapshots:
    """The newest snapshot of each persona, for who may see it."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def latest(self, reader: str, persona_id: str) -> Memory | None:
        """Return the newest snapshot of a persona that the reader may see; None if there is none.

        Raises:
            StoreUnavailable: the server is out of reach.
        """
        row = await asyncio.to_thread(
            self._views.latest_snapshot, persona_id, reader=privacy.persona(reader)
        )
        return _memory(row) if row else None


def _memory(row: SnapshotRow) -> Memory:
    text = "\n".join((row.summary, *row.facts, *row.open_questions))
    return Memory(str(row.position), "cold", text, facts=row.facts)
