"""Who may write: every save of a group held against what is stored and what came before it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.store.errors import FenceLost, GuardConflict, KeyReused, KeyTaken, VersionConflict
from services.store.save import Answer, Fence, Given, Save, Span


@dataclass(slots=True)
class Ledger:
    """The part of the store a group of saves depends on, read under the commit lock.

    Each admitted save moves it on, so that the next is judged as if it came later, alone.
    """

    position: int
    """The last position given."""
    heads: dict[str, int] = field(default_factory=dict)
    """Stream to the version it stands at; absent means it does not exist."""
    epochs: dict[str, int] = field(default_factory=dict)
    answers: dict[tuple[str, str], Given] = field(default_factory=dict)
    """By caller and key."""
    raised: dict[str, int] = field(default_factory=dict)
    """Epochs to write."""
    given: dict[tuple[str, str], Given] = field(default_factory=dict)
    """Answers to write."""

    def admit(self, save: Save, written: Sequence[Span]) -> tuple[int, ...]:
        """Give a save its positions, or refuse it and leave the ledger as it was.

        Raises:
            KeyTaken, KeyReused, FenceLost, GuardConflict, VersionConflict: see each.
        """
        if save.answer:
            self._check_key(save.answer)
        if save.fence:
            self._check_epoch(save.fence, save.fence.epoch)
        if save.raise_fence:
            self._check_epoch(save.raise_fence, save.raise_fence.epoch - 1)
        heads = self.heads
        for stream, version in save.guards.items():
            if (actual := heads.get(stream, 0)) != version:
                raise GuardConflict(stream, version, actual)
        for stream, first, _ in written:
            if (actual := heads.get(stream, 0)) != first - 1:
                raise VersionConflict(stream, first - 1, actual)
        positions = tuple(range(self.position + 1, self.position + 1 + len(save.records)))
        if save.answer:
            self._answer(save.answer, positions)
        if save.raise_fence:
            fence = save.raise_fence
            self.epochs[fence.name] = self.raised[fence.name] = fence.epoch
        for stream, _, last in written:
            heads[stream] = last
        self.position += len(positions)
        return positions

    def _check_key(self, answer: Answer) -> None:
        given = self.answers.get((answer.caller, answer.key))
        if given and given.body_hash == answer.body_hash:
            raise KeyTaken(given.text, given.status)
        if given:
            raise KeyReused(answer.caller, answer.key)

    def _check_epoch(self, fence: Fence, held: int) -> None:
        current = self.epochs.get(fence.name, 0)
        if held != current:
            raise FenceLost(fence.name, held, current)

    def _answer(self, answer: Answer, positions: tuple[int, ...]) -> None:
        given = Given(answer.body_hash, answer.render(positions), answer.status)
        key = answer.caller, answer.key
        self.answers[key] = self.given[key] = given
