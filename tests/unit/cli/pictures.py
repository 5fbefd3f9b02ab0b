"""Pictures to draw, with as few words as possible."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.cli.picture.parts import Place, Word
from services.cognition.standing import ModelStanding
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

NOON = datetime(2026, 8, 1, 12, 0, 0, tzinfo=UTC)
PLACE = Place("http://127.0.0.1:8080", "token in ~/.perpetua/token", "perpetua approve")


def mind(who: str, parent: str | None = None, pace: float = 1.0, **changes: Any) -> Mind:
    made = Mind(
        persona_id=who,
        name=f"Name of {who}",
        role="watcher",
        swarm_id="swarm",
        parent_id=parent,
        depth=0 if parent is None else 1,
        status="active",
        phase="observe",
        waits_for=None,
        thoughts=1_234,
        thoughts_per_minute=pace,
        last_thought_at=NOON,
        tokens_left=20_000,
        cpu_ms_left=5_000,
        tokens_a_minute=20_000,
        cpu_ms_a_minute=10_000,
    )
    return replace(made, **changes)


def approval(number: int, **changes: Any) -> Approval:
    proposal_id = f"01a223ed-6ce7-74c9-bd5b-1921b4f3{number:04d}"
    made = Approval(
        proposal_id, "ann", f"Deny 10.0.0.{number}", "high", NOON - timedelta(minutes=5)
    )
    return replace(made, **changes)


def supposition(claim: str, **changes: Any) -> Supposition:
    made = Supposition("ann", "swarm", claim, 0.87, "passed", NOON - timedelta(seconds=9))
    return replace(made, **changes)


def model(name: str, **changes: Any) -> ModelStanding:
    made = ModelStanding(name, "gpt-4o", "http://127.0.0.1:1/v1", "closed", None, None, 3, 8)
    return replace(made, **changes)


def picture(**changes: Any) -> Picture:
    """A picture with something of everything."""
    minds = changes.get("minds", (mind("root", pace=3), mind("child", "root", pace=90)))
    approvals = changes.get("approvals", tuple(approval(n) for n in range(3)))
    made = Picture(
        at=NOON,
        thinking=Thinking("running", NOON, NOON),
        store=Store(12_345, 0, None),
        bus=Bus(None, 0, None),
        models=(),
        live=len(minds),
        thoughts_per_minute=93.4,
        minds=minds,
        waiting=len(approvals),
        approvals=approvals,
        suppositions=tuple(supposition(f"claim {n}") for n in range(6)),
        sources=(Source("swarm", "/var/log/auth.log", 1_520, 120.4, 0),),
    )
    return replace(made, **changes)


def words(count: int) -> list[Word]:
    return [Word(NOON, "spawned", f"said {number}", "cyan") for number in range(count)]
