"""One group of saves in one transaction.

Two round trips. The first takes the commit lock and reads what the saves depend on; the lock is
a statement of its own, so that the snapshot of the next is taken with the lock held. The second
writes what was admitted and commits. Whoever holds the lock is the only writer, so positions follow
each other without gaps, in the order of the commits.
"""

from collections.abc import Sequence
from typing import Final

from services.store.arrays import bytea_array, int2_array, int8, int8_array, text_array
from services.store.errors import KeyTaken
from services.store.heads import Heads
from services.store.inquiry import QUESTIONS, Inquiry, ask_heads, read_heads
from services.store.job import Job, Positions
from services.store.ledger import Ledger
from services.store.save import Record
from services.store.wire import Failed, Statement, Wire

CHANNEL: Final = "perpetua_events"
"""Where each commit announces the position it reached."""

STATEMENTS: Final = {
    b"begin": b"begin isolation level read committed read write",
    b"lock": b"select pg_advisory_xact_lock(5208208757389214273)",
    **QUESTIONS,
    b"insert": b"""
        insert into events (position, version, partition, stream, topic, state)
        select $1::int8 + nth, version, partition, stream, topic, state
        from unnest($2::int8[], $3::int2[], $4::text[], $5::text[], $6::bytea[]) with ordinality
            as new(version, partition, stream, topic, state, nth)""",
    b"raise": b"""
        insert into fences (name, epoch) select * from unnest($1::text[], $2::int8[])
        on conflict (name) do update set epoch = excluded.epoch""",
    b"answer": b"""
        insert into commands (caller, key, body_hash, answer, status)
        select * from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::int8[])""",
    b"notify": f"select pg_notify('{CHANNEL}', $1::text)".encode(),
    b"commit": b"commit",
    b"rollback": b"rollback",
}
"""Every statement of the writing connection, by the name it is prepared under."""

Admitted = list[tuple[Job, Positions]]


def transact(wire: Wire, group: Sequence[Job], heads: Heads) -> int | None:
    """Store what can be stored of a group; every job gets its outcome.

    A doubtful job (an earlier commit broke off) is first looked for: if it is there, byte for byte,
    it was stored then. Returns the last position if anything was written.

    Raises:
        Disconnected: the connection broke; what may have been committed is doubtful now.
        Failed: the server refused; nothing was written.
    """
    try:
        return _transact(wire, group, heads)
    except Failed:
        wire.call([(b"rollback", ())])
        raise


def _transact(wire: Wire, group: Sequence[Job], heads: Heads) -> int | None:
    inquiry = Inquiry(group)
    streams = heads.unknown(inquiry.streams)
    wire.send([(b"begin", ()), (b"lock", ()), *inquiry.statements(streams)])
    columns = _columns(group)  # while the server works
    ledger, stored = inquiry.read(streams, wire.receive()[2:])
    base = ledger.position
    if heads.hold(base):
        ledger.heads |= heads.recall(inquiry.streams)
    elif len(streams) < len(inquiry.streams):  # what was remembered no longer holds
        missing = [stream for stream in inquiry.streams if stream not in ledger.heads]
        ledger.heads |= read_heads(missing, wire.call([ask_heads(missing)])[0])[1]
    admitted = _admit(group, ledger, stored)
    if not admitted:
        wire.call([(b"rollback", ())])
        return None
    if len(admitted) < len(group):
        columns = _columns([job for job, _ in admitted])
    _commit(wire, admitted, _writes(base, ledger, columns))
    heads.remember(ledger.position, ledger.heads)
    return ledger.position


def _admit(group: Sequence[Job], ledger: Ledger, stored: dict[Job, int]) -> Admitted:
    admitted: Admitted = []
    for job in group:
        if (first := stored.get(job)) is not None:
            job.outcome = tuple(range(first, first + len(job.save.records)))
            continue
        try:
            admitted.append((job, ledger.admit(job.save, job.written)))
        except KeyTaken as refusal:
            ours = job.doubtful and not job.save.records  # it can only be the answer we wrote
            job.outcome = () if ours else refusal
        except Exception as refusal:  # also what the caller's rendering of an answer raises
            job.outcome = refusal
    return admitted


def _writes(base: int, ledger: Ledger, columns: Sequence[bytes]) -> list[Statement]:
    writes: list[Statement] = []
    if ledger.position > base:
        writes.append((b"insert", [int8(base), *columns]))
        writes.append((b"notify", [str(ledger.position).encode()]))
    if ledger.raised:
        names, epochs = list(ledger.raised), list(ledger.raised.values())
        writes.append((b"raise", [text_array(names), int8_array(epochs)]))
    if ledger.given:
        callers, keys = zip(*ledger.given, strict=True)
        given = list(ledger.given.values())
        writes.append(
            (
                b"answer",
                [
                    text_array(callers),
                    text_array(keys),
                    bytea_array([each.body_hash for each in given]),
                    text_array([each.text for each in given]),
                    int8_array([each.status for each in given]),
                ],
            )
        )
    return writes


def _commit(wire: Wire, admitted: Admitted, writes: Sequence[Statement]) -> None:
    for job, _ in admitted:
        job.doubtful = True
    try:
        wire.call([*writes, (b"commit", ())])
    except Failed:
        for job, _ in admitted:
            job.doubtful = False
        raise
    for job, positions in admitted:
        job.doubtful = False
        job.outcome = positions


def _columns(group: Sequence[Job]) -> list[bytes]:
    records: list[Record] = [record for job in group for record in job.save.records]
    return [
        int8_array([record.originator_version for record in records]),
        int2_array([record.partition for record in records]),
        text_array([str(record.originator_id) for record in records]),
        text_array([record.topic for record in records]),
        bytea_array([record.state for record in records]),
    ]
