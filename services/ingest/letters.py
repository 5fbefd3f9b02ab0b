"""What goes back: a reply to each command, and a dead letter for what was none."""

import json
from typing import Final

from services.bus.client import Incoming, Outgoing
from services.bus.record import SPECVERSION, rfc3339
from services.bus.topics import DEAD_LETTERS, REPLIES
from services.ingest.command import Command
from services.ingest.deciding import Decision
from services.ingest.decoding import Undecodable, fits

AUTHORIZATION: Final = "authorization"
"""Header that holds a token: never passed on."""
MALFORMED: Final = frozenset({400, 413, 415, 422})
"""Statuses of commands that nobody can mean..."""
_REFUSALS: Final = frozenset(
    {"limit_exceeded", "branching_limit_exceeded", "spawn_depth_exceeded", "spawn_quota_exceeded",
     "claim_limit_exceeded", "policy_wider_than_parent", "cognition_disabled"}
)  # fmt: skip
"""... unless a limit refuses them: codes of status 400 that answer a command well understood."""
_LONGEST_REASON: Final = 2_000


def is_dead(decision: Decision) -> bool:
    """Tell whether a command can't be meant, or broke us: a person should look at it."""
    if decision.status >= 500:
        return True
    return decision.status in MALFORMED and decision.body.get("code") not in _REFUSALS


def reply(record: Incoming, command: Command, decision: Decision, source: bytes) -> Outgoing:
    """Make the answer to a command, on the partition it came on."""
    told = {
        "command_id": command.command_id,
        "command": command.name,
        "status": decision.status,
        "body": decision.body,
    }
    return Outgoing(
        REPLIES,
        record.partition,
        record.key,
        json.dumps(told).encode(),
        [
            ("content-type", b"application/json"),
            ("ce_specversion", SPECVERSION),
            ("ce_id", b"%d-%d" % (record.partition, record.offset)),
            ("ce_type", b"perpetua.reply"),
            ("ce_source", source),
            ("ce_time", rfc3339(record.timestamp_ms * 1_000)),
            ("ce_subject", command.name.encode()),
            ("ce_commandid", command.command_id.encode()),
            ("ce_correlationid", decision.correlation_id.encode()),
        ],
    )


def undecodable(record: Incoming, wrong: Undecodable) -> Outgoing:
    """Make the dead letter of a record that is no command."""
    return _letter(record, wrong.code, str(wrong))


def unmeant(record: Incoming, decision: Decision) -> Outgoing:
    """Make the dead letter of a command that the API can't take."""
    return _letter(record, str(decision.body.get("code")), str(decision.body.get("detail")))


def broken(record: Incoming, fault: Exception) -> Outgoing:
    """Make the dead letter of a command that we failed at."""
    return _letter(record, "internal", f"a fault of ours, see the log: {type(fault).__name__}")


def _letter(record: Incoming, code: str, reason: str) -> Outgoing:
    """Keep the bytes as they came, with the reason and where they came from.

    Of a record that is too large to be passed on, only these are told.
    """
    kept = record if fits(record) else record._replace(key=None, value=None, headers=())
    headers = [
        (name, value or b"") for name, value in kept.headers if name.lower() != AUTHORIZATION
    ]
    return Outgoing(
        DEAD_LETTERS,
        record.partition,
        kept.key,
        b"" if kept.key is kept.value is None else kept.value,  # kafka-python sends no such record
        [
            *headers,
            ("reason-code", code.encode()),
            ("reason", reason[:_LONGEST_REASON].encode(errors="replace")),
            ("source-topic", record.topic.encode()),
            ("source-partition", b"%d" % record.partition),
            ("source-offset", b"%d" % record.offset),
        ],
    )
