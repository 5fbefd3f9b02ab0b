"""Histories of personas that think, cite, decide and compact; and how warm memory takes them in."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import psycopg
from hypothesis import strategies as st
from psycopg.rows import dict_row

from domain import streams
from domain.events import SnapshotCompressed
from domain.events.cognition import ContextRef
from domain.recorded import Recorded
from projections.view import Row, View
from services.store.connect import Connection
from services.store.recorder import Recorder
from services.views import Views
from services.views.batch import change
from tests.unit.projections.given import History

SWARMS = {"a": "one", "b": "one", "c": "two"}
SAID = ("read {0} lines", "nothing of note", "{0} of {1} failed")
IMPACTS = (0.0, 0.05, 0.15, 0.2, 0.5, 1.0)
OUTCOMES = ("passed", "failed", "inconclusive")


@dataclass(frozen=True, slots=True)
class Step:
    """What happens next, in numbers to choose by."""

    what: int
    who: str
    number: int
    days: int
    back: tuple[int, ...]
    """How many events before what it cites."""


def shown(refs: Sequence[str]) -> tuple[ContextRef, ...]:
    return tuple(ContextRef(ref=ref, tier="warm") for ref in refs)


def compressed(history: History, who: str) -> History:
    """Distil what a persona thought since its last snapshot."""
    mine = [r for r in history.recorded if r.stream.startswith(f"{streams.thoughts(who)}/")]
    since = [i + 1 for i, r in enumerate(mine) if isinstance(r.event, SnapshotCompressed)]
    fresh = mine[since[-1] if since else 0 :]
    first = fresh[0].position if fresh else 0
    return history.distilled(who, from_position=first)


def thinks(history: History, step: Step, refs: Sequence[str]) -> History:
    said = SAID[step.number % len(SAID)].format(len(history.recorded), step.days)
    impact = IMPACTS[step.number % len(IMPACTS)]
    return history.thought(step.who, content=said, impact=impact, context_refs=shown(refs))


def supposes(history: History, step: Step, refs: Sequence[str]) -> History:
    return history.supposed(
        step.who, f"key{step.number % 3}", f"h{step.number % 4}", evidence_refs=tuple(refs),
        causation_id=refs[0] if refs else None, contradicts=("key1",),
    )  # fmt: skip


def requests(history: History, step: Step, refs: Sequence[str]) -> History:
    hypothesis, check = f"h{step.number % 4}", f"k{step.number % 5}"
    return history.requested(step.who, hypothesis, check, causation_id=refs[0])


def checks(history: History, step: Step, refs: Sequence[str]) -> History:
    outcome, hypothesis = OUTCOMES[step.number % 3], f"h{step.number % 4}"
    return history.checked(
        step.who, outcome, hypothesis, check_id=f"k{step.number % 5}", evidence_refs=tuple(refs),
        confidence_after=IMPACTS[step.number % len(IMPACTS)],
    )  # fmt: skip


def proposes(history: History, step: Step, refs: Sequence[str]) -> History:
    what = f"p{len(history.recorded)}"
    return history.proposed(
        what, step.who, evidence_refs=tuple(refs), causation_id=refs[-1] if refs else None
    )


def gate(history: History, step: Step, refs: Sequence[str]) -> History:
    known = [what for what in history.swarms if what not in SWARMS]
    if not known:
        return history
    what = known[step.number % len(known)]
    moves: list[Callable[[str], History]] = [
        history.verified, history.started, history.executed, history.rejected,
    ]  # fmt: skip
    return moves[step.days % len(moves)](what)


DOINGS: tuple[Callable[[History, Step, Sequence[str]], History], ...] = (
    *[thinks] * 6,
    *[lambda history, step, refs: compressed(history, step.who)] * 3,
    supposes,
    supposes,
    checks,
    checks,
    requests,
    lambda history, step, refs: history.observed(
        f"{step.number}.log", step.number + 1, 0, swarm=SWARMS[step.who]
    ),
    proposes,
    gate,
)


def ref(history: History, who: str, back: int) -> str:
    """Cite an event before, mostly of one's own swarm, by its id, its position, or a name."""
    near = [r for r in history.recorded if r.event.swarm_id == SWARMS[who]] if back % 7 else []
    cited = (near or history.recorded)[-1 - back % len(near or history.recorded)].position
    return (f"event-{cited}", str(cited), f"{cited}#0,2", f"event-{cited}", f"h{back % 4}")[
        back % 5
    ]


STEPS = st.builds(
    Step,
    what=st.integers(0, len(DOINGS) - 1),
    who=st.sampled_from(sorted(SWARMS)),
    number=st.integers(0, 29),
    days=st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2, -2, 5, 9]),
    back=st.lists(st.integers(0, 20), min_size=1, max_size=3).map(tuple),
)


@st.composite
def lives(draw: st.DrawFn, least: int = 50, most: int = 100) -> History:
    """Histories of three personas in two swarms, whose clocks jump."""
    history = History()
    for who, swarm in SWARMS.items():
        history.spawned(who, swarm)
    for step in draw(st.lists(STEPS, min_size=least, max_size=most)):
        history.now += timedelta(days=step.days)
        DOINGS[step.what](history, step, [ref(history, step.who, back) for back in step.back])
    return history


@contextmanager
def remembering(store: Recorder, database: str, view: View) -> Iterator["Remembering"]:
    """Open the table of a view that nothing else keeps up."""
    Views(store, database).close()
    with psycopg.connect(database) as connection:
        yield Remembering(connection, view)


class Remembering:
    """Takes histories into the view's table, in batches of any size."""

    def __init__(self, connection: Connection, view: View) -> None:
        self.connection = connection
        self._view = view

    def take_in(self, events: Sequence[Recorded], cuts: Sequence[int] = ()) -> list[Row]:
        """Fold events from nothing, cut where it is said; return the rows, and forget them."""
        places = [0, *sorted({cut for cut in cuts if cut < len(events)}), len(events)]
        with self.connection.transaction(force_rollback=True):
            for start, end in pairwise(places):
                self.go_on(events[start:end])
            return self.rows()

    def go_on(self, events: Sequence[Recorded]) -> None:
        """Fold one more batch."""
        batch = [each for each in events if each.event.topic in self._view.topics]
        change(self.connection, self._view, batch)

    def rows(self) -> list[Row]:
        """Return every row."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute("select * from view_memories order by position").fetchall()
