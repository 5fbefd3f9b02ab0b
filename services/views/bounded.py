"""A source of events that ends: an `EventSource` up to a position in each partition."""

from collections.abc import Mapping, Sequence

from domain.ports import EventSource, Stretch


class Bounded:
    """Hands out what another source does, of each partition up to its goal and no further."""

    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._goals: Mapping[int, int] = {}
        self._cut = set[int]()

    def aim(self, goals: Mapping[int, int]) -> None:
        """Set the position each partition is wanted up to; what was cut off before comes now."""
        self._goals = goals
        for partition in self._cut:
            self._source.again(partition)
        self._cut.clear()

    def take(self, timeout_secs: float) -> Sequence[Stretch]:
        """Return what follows what was returned before; wait if there is nothing."""
        stretches = self._source.take(timeout_secs)
        wanted = [self._upto_goal(each) for each in stretches if each.partition not in self._cut]
        return [each for each in wanted if each.upto > each.start.position]

    def again(self, partition: int) -> None:
        """Go on in a partition from its checkpoint: somebody else has moved it."""
        self._source.again(partition)

    def leave(self, partition: int) -> None:
        """Read no more of a partition: something in it can't be taken in."""
        self._source.leave(partition)

    def close(self) -> None:
        """Give its partitions to others."""
        self._source.close()

    def _upto_goal(self, stretch: Stretch) -> Stretch:
        goal = self._goals.get(stretch.partition, 0)
        if stretch.upto <= goal:
            return stretch
        self._cut.add(stretch.partition)
        steps = [step for step in stretch.steps if step.stored.position <= goal]
        return Stretch(stretch.partition, stretch.start, steps, max(goal, stretch.start.position))
