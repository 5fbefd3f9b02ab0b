"""What was read of topics goes into the store: once, whoever else reads them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from domain import streams
from services.commands.observation import Batch, Dropped, observe
from services.executor import Executor
from services.inputs.mark import ACTOR, Mark, mark_of
from services.unit_of_work import Unit


class Moved(Exception):
    """Somebody else stored more of a partition: go on behind that."""


class _NobodyThere(Exception):
    """No persona of the swarm lives to see what came."""


class Piece(NamedTuple):
    """What was read of one partition."""

    source: str
    length: int
    """Events its log must have before."""
    batches: Sequence[Batch | Dropped]


class Storage:
    """Takes what is read for one swarm. Progress is what is stored, and nothing else."""

    def __init__(self, executor: Executor, swarm_id: str, seed: Callable[[], object]) -> None:
        """Prepare to store.

        Args:
            executor: takes what is read.
            swarm_id: swarm that is to see it.
            seed: spawns somebody there; called when something came and nobody lives.
        """
        self._executor = executor
        self._swarm_id = swarm_id
        self._seed = seed

    def mark(self, source: str) -> Mark:
        """Return how far a source was read; its `offset` is that of the next record.

        Raises:
            StoreUnavailable: the store is out of reach.
        """
        return mark_of(self._executor.recorder, self._swarm_id, source)

    def store(self, pieces: Sequence[Piece]) -> None:
        """Store what was read of some partitions, all of it or nothing.

        Raises:
            Moved: of one of them somebody else stored more.
            StoreUnavailable: the store is out of reach; whether it was stored, `mark` tells.
        """

        def command(unit: Unit) -> None:
            if not unit.swarm(self._swarm_id).live:
                raise _NobodyThere
            for source, length, batches in pieces:
                if unit.log(streams.observations(self._swarm_id, source)).length != length:
                    raise Moved
                observe(unit, self._swarm_id, source, batches)

        while True:
            try:
                self._executor.run(self._executor.context(ACTOR), command)
                return
            except _NobodyThere:
                self._seed()
