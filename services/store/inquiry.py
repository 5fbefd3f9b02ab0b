"""What a group of saves depends on, asked for in one go and read into a ledger."""

from collections.abc import Sequence
from typing import Final

from psycopg import pq

from services.store.arrays import (
    bytea_array,
    int8_array,
    read_int8,
    read_int8_array,
    text_array,
)
from services.store.job import Job
from services.store.ledger import Ledger
from services.store.save import Given
from services.store.wire import Statement

QUESTIONS: Final = {
    b"heads": b"""
        select coalesce((select max(position) from events), 0), array(
            select coalesce((
                select version from events where stream = asked.stream
                order by version desc limit 1), 0)
            from unnest($1::text[]) with ordinality as asked(stream, nth) order by nth)""",
    b"epochs": b"select name, epoch from fences where name = any($1::text[])",
    b"answers": b"""
        select caller, key, body_hash, answer, status::int8 from commands
        join unnest($1::text[], $2::text[]) as asked(caller, key) using (caller, key)""",
    b"doubtful": b"""
        select asked.nth, events.position from events
        join unnest($1::text[], $2::int8[], $3::bytea[]) with ordinality
            as asked(stream, version, state, nth)
            on events.stream = asked.stream and events.version = asked.version
        where events.state = asked.state""",
}
"""Statements that read, by the name they are prepared under."""


class Inquiry:
    """The questions a group raises. Those no job raises are not asked."""

    def __init__(self, group: Sequence[Job]) -> None:
        streams: dict[str, None] = {}
        epochs: set[str] = set()
        answers: set[tuple[str, str]] = set()
        for job in group:
            save = job.save
            for stream, _, _ in job.written:
                streams[stream] = None
            for stream in save.guards:
                streams[stream] = None
            if save.fence:
                epochs.add(save.fence.name)
            if save.raise_fence:
                epochs.add(save.raise_fence.name)
            if save.answer:
                answers.add((save.answer.caller, save.answer.key))
        self.streams = list(streams)
        """Every stream a save writes or relies on."""
        self._epochs = list(epochs)
        self._answers = list(answers)
        self._doubtful = [job for job in group if job.doubtful and job.save.records]

    def statements(self, streams: Sequence[str]) -> list[Statement]:
        """Return what to ask, in the order `read` expects the results."""
        asked: list[Statement] = [ask_heads(streams)]
        if self._epochs:
            asked.append((b"epochs", [text_array(self._epochs)]))
        if self._answers:
            callers, keys = zip(*self._answers, strict=True)
            asked.append((b"answers", [text_array(callers), text_array(keys)]))
        if self._doubtful:
            first = [job.save.records[0] for job in self._doubtful]
            asked.append(
                (
                    b"doubtful",
                    [
                        text_array([str(record.originator_id) for record in first]),
                        int8_array([record.originator_version for record in first]),
                        bytea_array([record.state for record in first]),
                    ],
                )
            )
        return asked

    def read(
        self, streams: Sequence[str], results: Sequence[pq.abc.PGresult]
    ) -> tuple[Ledger, dict[Job, int]]:
        """Return the ledger, with the heads of the streams that were asked for.

        And for each doubtful job that has been stored its first position.
        """
        remaining = iter(results)
        ledger = Ledger(*read_heads(streams, next(remaining)))
        if self._epochs:
            ledger.epochs = {_text(name): read_int8(n) for name, n in _rows(next(remaining))}
        if self._answers:
            for caller, key, body_hash, answer, status in _rows(next(remaining)):
                given = Given(body_hash, _text(answer), read_int8(status))
                ledger.answers[_text(caller), _text(key)] = given
        stored: dict[Job, int] = {}
        if self._doubtful:
            for nth, position in _rows(next(remaining)):
                stored[self._doubtful[read_int8(nth) - 1]] = read_int8(position)
        return ledger, stored


def ask_heads(streams: Sequence[str]) -> Statement:
    """Return the question for the last position and the versions of streams."""
    return b"heads", [text_array(streams)]


def read_heads(streams: Sequence[str], result: pq.abc.PGresult) -> tuple[int, dict[str, int]]:
    """Return the last position, and the versions of the streams that were asked for."""
    versions = read_int8_array(result.get_value(0, 1))
    return read_int8(result.get_value(0, 0)), dict(zip(streams, versions, strict=True))


def _rows(result: pq.abc.PGresult) -> list[list[bytes]]:
    columns = range(result.nfields)
    return [[result.get_value(row, n) or b"" for n in columns] for row in range(result.ntuples)]


def _text(value: bytes) -> str:
    return value.decode()
