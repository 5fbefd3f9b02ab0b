"""A source with an end hands out all up to it, nothing beyond, and that later if it is moved."""

from collections.abc import Sequence

from domain.ports import Checkpoint, Step, Stretch
from domain.recorded import Stored
from services.views.bounded import Bounded


class Listed:
    """A source of one partition, every event at once."""

    def __init__(self, positions: Sequence[int]) -> None:
        self._steps = [Step(Stored(at, "s", at, "thought.generated", 0, b"")) for at in positions]
        self.taken = 0
        """Where its taker stands."""
        self._fresh = True

    def take(self, timeout_secs: float) -> list[Stretch]:
        if not self._fresh:
            return []
        self._fresh = False
        left = [step for step in self._steps if step.stored.position > self.taken]
        upto = left[-1].stored.position if left else self.taken
        return [Stretch(0, Checkpoint(self.taken), left, upto)]

    def again(self, partition: int) -> None:
        self._fresh = True

    def leave(self, partition: int) -> None: ...

    def close(self) -> None: ...


def taken(bounded: Bounded, source: Listed) -> list[int]:
    found = bounded.take(0)
    source.taken = max([source.taken, *(stretch.upto for stretch in found)])
    return [step.stored.position for stretch in found for step in stretch.steps]


def test_nothing_beyond_the_goal_is_handed_out_until_the_goal_is_moved() -> None:
    source = Listed([2, 3, 5, 9])
    bounded = Bounded(source)
    bounded.aim({0: 4})
    assert taken(bounded, source) == [2, 3]
    assert source.taken == 4, "there is no event at the goal, yet it is reached"
    assert taken(bounded, source) == []
    bounded.aim({0: 9})
    assert taken(bounded, source) == [5, 9]
    assert source.taken == 9


def test_a_partition_without_a_goal_is_not_handed_out() -> None:
    source = Listed([1, 2])
    bounded = Bounded(source)
    bounded.aim({1: 9})
    assert taken(bounded, source) == []
