"""Takes a picture of a running process: three questions to the views, and what stands beside."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from domain.vocabulary import RISKS
from projections import picture as asked
from projections.picture import Busy, Due, SourceRead, Supposed
from projections.privacy import Reader
from projections.view import Cursor
from services import clock
from services.bus.standing import relay_standing
from services.cognition.thinkers import EXTERNAL
from services.credits import CreditsLeft, credits_left
from services.picture.picture import (
    Approval,
    Bus,
    Mind,
    Picture,
    Source,
    Store,
    Supposition,
    Thinking,
)
from services.views.standing import reached

if TYPE_CHECKING:
    from services.app import App

MOST_ROWS: Final = 50
"""Of each kind, unless asked otherwise: a large terminal's worth."""
MOST_LOOKED_THROUGH: Final = 100
"""Of the oldest proposals that wait, so many are looked through for the most dangerous."""
STILL_SECS: Final = 3.0
"""Who has not thought for so long waits for something to think of."""


def taken(app: "App", reader: Reader, limit: int = MOST_ROWS) -> Picture:
    """Take a picture as somebody may see it; at most `limit` of each kind, and ancestors.

    Raises:
        StoreUnavailable: the store is out of reach.
    """
    now = clock.now()

    def ask(cursor: Cursor) -> "tuple[asked.Busiest, int, list[Due], list[Supposed]]":
        count, due = asked.due(cursor, MOST_LOOKED_THROUGH)
        return asked.busiest(cursor, now, limit), count, due, asked.supposed(cursor, limit)

    busiest, waiting, due, supposed = app.views.ask(ask, reader)
    left = credits_left(app.executor, app.settings.limits, [each.lineage for each in busiest.shown])
    return Picture(
        at=now,
        thinking=_thinking(app),
        store=_store(app),
        bus=_bus(app, now),
        models=app.thinkers.states(),
        live=busiest.live,
        thoughts_per_minute=busiest.thoughts_per_minute,
        minds=tuple(_mind(each, left, now) for each in busiest.shown),
        waiting=waiting,
        approvals=tuple(_approvals(due)[:limit]),
        suppositions=tuple(map(_supposition, supposed)),
        sources=sources(app, limit),
    )


def sources(app: "App", limit: int = MOST_ROWS) -> tuple[Source, ...]:
    """Tell how fast inputs come; looking now and then is what the rates are made of."""
    read = app.views.ask(lambda cursor: asked.sources_read(cursor, limit))
    return tuple(_source(app, each) for each in read)


def _source(app: "App", read: SourceRead) -> Source:
    rate = app.meter.per_second((read.swarm_id, read.source), read.lines)
    return Source(read.swarm_id, read.source, read.lines, rate, read.dropped_lines)


def _thinking(app: "App") -> Thinking:
    loop = app.loop
    state = "running" if loop.running else "elsewhere" if loop.enabled else "disabled"
    return Thinking(state, loop.started_at if loop.running else None, loop.last_tick_at)


def _store(app: "App") -> Store:
    views, head = reached(app.recorder), app.recorder.head()
    stopped = f"view {views.stopped}" if views.stopped else None
    return Store(head, max(0, head - views.position), stopped)


def _bus(app: "App", now: datetime) -> Bus:
    servers = app.settings.kafka
    if servers is None:
        return Bus(None, 0, None)
    standing = relay_standing(app.recorder)
    return Bus(servers, standing.lag, standing.problem(now))


def _mind(busy: Busy, left: Mapping[str, CreditsLeft], now: datetime) -> Mind:
    row = busy.lineage
    credit, limits = left.get(row.persona_id), row.limits
    return Mind(
        persona_id=row.persona_id,
        name=row.name,
        role=row.role,
        swarm_id=row.swarm_id,
        parent_id=row.parent_id,
        depth=row.depth,
        status=row.status,
        phase=busy.phase,
        waits_for=_waits_for(busy, now),
        thoughts=busy.thought_count,
        thoughts_per_minute=busy.thoughts_per_minute,
        last_thought_at=busy.last_thought_at,
        tokens_left=credit.tokens if credit else None,
        cpu_ms_left=credit.cpu_ms if credit else None,
        tokens_a_minute=limits.token_budget_per_minute,
        cpu_ms_a_minute=limits.compute_ms_per_minute,
    )


_HELD = {"manual": "somebody paused it", "budget": "its budget for life is used up"}
"""Why a persona is paused until somebody resumes it, in words, by the reason of its pause."""


def _waits_for(busy: Busy, now: datetime) -> str | None:
    match busy.lineage.status, busy.lineage.reason:
        case "reaped", reason:
            return f"nothing: reaped ({reason})"
        case "paused", "budget" if busy.paused_until:
            return f"budget until {busy.paused_until:%H:%M} UTC"
        case "paused", reason:
            return f"a resume: {_HELD.get(str(reason), reason)}"
    last = busy.last_thought_at or busy.lineage.spawned_at
    if now - last < timedelta(seconds=STILL_SECS):
        return None
    return "its agent" if EXTERNAL in busy.tags else "input"


def _approvals(due: list[Due]) -> list[Approval]:
    """Return proposals by risk, the highest first, then by age."""
    found = [
        Approval(each.proposal_id, each.persona_id, each.title, each.risk, each.created_at)
        for each in due
    ]
    rank = {risk: number for number, risk in enumerate(RISKS)}
    return sorted(found, key=lambda each: -rank.get(each.risk, len(rank)))


def _supposition(supposed: Supposed) -> Supposition:
    word, check = supposed.word, supposed.check
    return Supposition(
        persona_id=word.persona_id,
        swarm_id=word.swarm_id,
        claim=word.claim,
        confidence=check.confidence_after if check else word.confidence,
        outcome=check.outcome if check else None,
        raised_at=word.at,
    )
