"""What the store can answer instead of storing or reading.

eventsourcing.persistence.PersistenceError
├── OperationalError
│   └── StoreUnavailable        no server, no room, not permitted: what happened and what to do
│       └── OutcomeUnknown      it broke off in the commit: stored or not, nobody can tell yet
├── DataError
│   └── EventTooLarge           refused before any write
├── IntegrityError
│   ├── VersionConflict         another save wrote the stream first
│   ├── GuardConflict           a stream the decision rests on has moved
│   └── FenceLost               the epoch the writer holds is over
├── KeyTaken                    same idempotency key, same body: carries the first answer
└── KeyReused                   same idempotency key, another body
"""

from eventsourcing.persistence import (
    DataError,
    IntegrityError,
    OperationalError,
    PersistenceError,
)


class StoreUnavailable(OperationalError):
    """The store can't be used now; one line that says what happened and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}: {hint}")
        self.message = message
        self.hint = hint


class OutcomeUnknown(StoreUnavailable):
    """The server was lost in the commit and stayed away: reload, then see whether it is there."""


class EventTooLarge(DataError):
    """An event or a save is over its limit; nothing was written. Both in bytes."""

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(f"{what} has {size:,} bytes, the limit is {limit:,}")
        self.size = size
        self.limit = limit


class VersionConflict(IntegrityError):
    """The stream does not stand at the version the save continues."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream} stands at version {actual}, the save continues {expected}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class GuardConflict(IntegrityError):
    """A stream that was read for the decision has moved since."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream} stands at version {actual}, the save relies on {expected}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class FenceLost(IntegrityError):
    """The writer's epoch is not the current one: another has taken over."""

    def __init__(self, name: str, held: int, current: int) -> None:
        super().__init__(f"the epoch of {name} is {current}, the writer holds {held}")
        self.name = name
        self.held = held
        self.current = current


class KeyTaken(PersistenceError):
    """This command was carried out before; here is what it was answered."""

    def __init__(self, answer: str, status: int) -> None:
        super().__init__("this idempotency key has been answered already")
        self.answer = answer
        self.status = status


class KeyReused(PersistenceError):
    """The idempotency key belongs to a command with another body."""

    def __init__(self, caller: str, key: str) -> None:
        super().__init__(f"the idempotency key {key} of {caller} was used with another body")
        self.caller = caller
        self.key = key
