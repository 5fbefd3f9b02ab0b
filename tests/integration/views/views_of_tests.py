"""Views made for tests: one that counts thoughts, and ones that go wrong when told to."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from domain.recorded import Recorded
from projections.statement import SUM, Statement, upsert
from projections.view import View

TRAP_LOCK: Final = 4711
"""Advisory lock the trap waits for."""

Fold = Callable[[Sequence[Recorded]], Sequence[Statement]]


def counting(name: str = "counting", version: int = 1, weight: int = 1) -> View:
    """A view that counts the thoughts of each persona, each `weight` times."""
    table = f"view_{name}"
    sql = upsert(table, "who", thoughts=SUM)

    def fold(batch: Sequence[Recorded]) -> list[Statement]:
        thoughts = Counter(recorded.event.persona_id for recorded in batch)
        rows = [{"who": who, "thoughts": n * weight} for who, n in thoughts.items()]
        return [Statement(sql, rows)] if rows else []

    return View(
        name=name,
        version=version,
        table=table,
        ddl=f"create table {table} (who text primary key, thoughts bigint check (thoughts < 1000))",
        topics=frozenset(["thought.generated"]),
        fold=fold,
    )


def failing(view: View, fails: Callable[[Recorded], bool]) -> View:
    """The same view, whose fold can't take in some events."""

    def fold(batch: Sequence[Recorded]) -> Sequence[Statement]:
        if any(map(fails, batch)):
            raise ValueError("this can't\0 be folded")
        return view.fold(batch)

    return replace(view, fold=fold)


def noting(view: View, taken: list[int]) -> View:
    """The same view, which notes the position of each event it is given."""

    def fold(batch: Sequence[Recorded]) -> Sequence[Statement]:
        taken.extend(recorded.position for recorded in batch)
        return view.fold(batch)

    return replace(view, fold=fold)


def trapped(view: View, sql: str, springs: Callable[[], bool]) -> View:
    """The same view, which runs SQL after its own rows when the trap springs."""

    def fold(batch: Sequence[Recorded]) -> Sequence[Statement]:
        statements = list(view.fold(batch))
        if statements and springs():
            statements.append(Statement(f"select {sql} from json_array_elements(%s::json)", [{}]))
        return statements

    return replace(view, fold=fold)
