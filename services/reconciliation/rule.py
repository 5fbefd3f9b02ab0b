"""What a rule of the reconciliation is: it says what is wrong, and how it can be mended."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from domain.context import Context
from services.executor import Executor
from services.gate.gate import Gate
from services.reaping import Reaper
from services.store.recorder import Recorder
from services.views import Views


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a process that rules look at and mend with."""

    executor: Executor
    recorder: Recorder
    views: Views
    reaper: Reaper
    gate: Gate


@dataclass(frozen=True, slots=True)
class Asking:
    """On whose behalf it is reconciled."""

    actor: str
    """As in the events that mend."""
    correlation_id: str | None = None
    by_person: bool = False
    """Whether somebody asked, and not the clock."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of mending."""

    mended: bool
    note: str
    """What was done, or why it was left."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is not as it should be."""

    subject: str
    """Id of the persona, lease, proposal or view; of a rule that could not look, its name."""
    what: str
    """What is wrong, in words."""
    note: str
    """How it is mended, or why it is left."""
    mend: Callable[[], Outcome] | None = None
    """Mends it, if that is still due when it is decided; null where it is left."""
    positions: Sequence[int] = ()
    """Events that show it."""


@dataclass(frozen=True, slots=True)
class Job:
    """One reconciliation: what a rule may use while it looks and mends."""

    parts: Parts
    asking: Asking

    def context(self, actor: str | None = None) -> Context:
        """Make the context of a command decided now, by who asked or by another part."""
        return self.parts.executor.context(actor or self.asking.actor, self.asking.correlation_id)


Rule = Callable[[Job], Iterator[Found]]
"""Yields what it finds. What was yielded is mended before it looks on."""


def mended(note: str) -> Outcome:
    """Say that it is as it should be now."""
    return Outcome(mended=True, note=note)


def left(note: str) -> Outcome:
    """Say that it was left as it is."""
    return Outcome(mended=False, note=note)
