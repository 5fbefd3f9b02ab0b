"""Aggregates folded up to a version: a cache beside the events (ADR 6).

A swarm leases credits all the time; without this, a year of leases would be read at every start.
A state is made from stored events alone, never from what was decided and not yet saved.
"""

import inspect
import sys
from functools import cache
from hashlib import sha256
from typing import Any, Final, TypeVar, get_type_hints

from eventsourcing.persistence import EventStore
from psycopg.rows import tuple_row
from pydantic import TypeAdapter

from domain import budget
from domain.aggregates import Aggregate
from services.store.reading import Reading

A = TypeVar("A", bound=Aggregate)

EVERY: Final = 500
"""Events folded before a newer state is worth keeping."""

_GET: Final = (
    b"select version, state::text from aggregate_states"
    b" where stream = %(stream)s and code = %(code)s"
)
_PUT: Final = (
    b"insert into aggregate_states (stream, version, code, state)"
    b" values (%(stream)s, %(version)s, %(code)s, %(state)s::jsonb)"
    b" on conflict (stream) do update set version = excluded.version, code = excluded.code,"
    b" state = excluded.state where (aggregate_states.code, aggregate_states.version)"
    b" is distinct from (excluded.code, excluded.version) returning version"
)


class AggregateStates:
    """Loads aggregates from their newest kept state and the events since."""

    def __init__(self, reading: Reading, events: EventStore[str]) -> None:
        self._reading = reading
        self._events = events

    def load(self, empty: A) -> A:
        """Fold a stream into an empty aggregate; keep the state if that took many events."""
        code = _code(type(empty))
        kept = self._reading.query(_GET, {"stream": empty.id, "code": code}, tuple_row)
        if kept:
            version, state = kept[0]
            restore(empty, version, state)
        before = empty.version
        empty.fold(self._events.get(empty.id, gt=before or None))  # type: ignore[arg-type]  # the library has wider types
        if empty.version - before >= EVERY:
            wanted = {"stream": empty.id, "version": empty.version, "code": code}
            self._reading.query(_PUT, {**wanted, "state": dump(empty)}, tuple_row)
        return empty


def dump(aggregate: Aggregate) -> str:
    """Return an aggregate's state as JSON."""
    fields = _fields(type(aggregate))
    parts = {name: adapter.dump_python(getattr(aggregate, name), mode="json")
             for name, adapter in fields.items()}  # fmt: skip
    return TypeAdapter(dict[str, Any]).dump_json(parts).decode()


def restore(aggregate: Aggregate, version: int, state: str) -> None:
    """Put a state back into an empty aggregate."""
    parts = TypeAdapter(dict[str, Any]).validate_json(state)
    for name, adapter in _fields(type(aggregate)).items():
        setattr(aggregate, name, adapter.validate_python(parts[name]))
    aggregate.stands_at(version)


@cache
def _fields(kind: type[Aggregate]) -> dict[str, TypeAdapter[Any]]:
    """Find what an aggregate's class and those it comes from declare as its state."""
    return {name: TypeAdapter(hint) for name, hint in get_type_hints(kind).items()}


@cache
def _code(kind: type[Aggregate]) -> str:
    """Return a hash of the code that folds: another one makes kept states void."""
    folding = [each.__module__ for each in kind.__mro__ if issubclass(each, Aggregate)]
    sources = [inspect.getsource(sys.modules[name]) for name in (*folding, budget.__name__)]
    return sha256("\n".join(sources).encode()).hexdigest()
