"""What must hold of any history, however it came about: folds of the whole list of events.

They share no code with what they check.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.events import (
    BudgetLeased,
    BudgetSettled,
    CognitionStarted,
    PersonaReaped,
    PersonaSpawned,
    SnapshotCompressed,
    SwarmCreated,
)
from domain.limits import Limits, SwarmLimits
from domain.recorded import Recorded
from services.commands.lifecycle import Ceilings
from services.store.mapper import to_recorded
from services.store.recorder import Recorder

KINDS = ("tokens", "cpu_ms")
Key = tuple[str, str, int, str]
"""Stream of the lease, account, window, kind of credit."""


def history(recorder: Recorder) -> list[Recorded]:
    """Return everything that is stored, in order."""
    events: list[Recorded] = []
    while page := recorder.read(events[-1].position if events else 0, 5_000):
        events += map(to_recorded, page)
    return events


def check_positions(events: Sequence[Recorded]) -> None:
    """Positions are 1, 2, 3 ...; the versions of every stream as well."""
    assert [each.position for each in events] == list(range(1, len(events) + 1))
    versions: defaultdict[str, int] = defaultdict(int)
    for each in events:
        versions[each.stream] += 1
        assert each.version == versions[each.stream], f"{each.stream} skips at {each.position}"


def check_one_loop(events: Iterable[Recorded]) -> int:
    """Epochs are 1, 2, 3 ..., one start each, and only the newest leases; return the last."""
    epoch = 0
    for each in events:
        match each.event:
            case CognitionStarted() as started:
                assert started.epoch == epoch + 1, f"epoch {started.epoch} begins after {epoch}"
                epoch = started.epoch
            case BudgetLeased(resource="credits") as leased if leased.epoch:
                assert leased.epoch == epoch, f"epoch {leased.epoch} leases under {epoch}"
    return epoch


def check_reaped_are_distilled(events: Iterable[Recorded]) -> None:
    """Nobody ends without a last snapshot, and nobody ends twice or spawns twice."""
    snapshots: dict[str, str | None] = {}
    lives: dict[str, bool] = {}
    for each in events:
        match each.event:
            case SnapshotCompressed() as snapshot:
                snapshots[snapshot.snapshot_id] = snapshot.persona_id
            case PersonaSpawned(persona_id=str(persona_id)):
                assert persona_id not in lives, f"{persona_id} was spawned twice"
                lives[persona_id] = True
            case PersonaReaped(persona_id=str(persona_id)) as reaped:
                assert lives[persona_id], f"{persona_id} ended twice"
                assert snapshots[reaped.final_snapshot_id] == persona_id
                lives[persona_id] = False


def check_budgets(events: Iterable[Recorded], ceilings: Ceilings) -> int:
    """No lease ever passed a ceiling, in any prefix of the history; return how many there were.

    A lease counts in full until it is settled, then for what was used, and for good if it never
    was. Every account it names must hold it, in its minute and for life; a swarm moreover leases on
    no more than it was itself granted for that minute, by the end of the same save.
    """
    books = _Books(ceilings)
    for each in events:
        if each.event.occurred_at != books.saved_at:
            books.must_be_granted()
            books.saved_at = each.event.occurred_at
        books.enter(each)
    books.must_be_granted()
    return books.leases


@dataclass
class _Books:
    ceilings: Ceilings
    limits: dict[str, Limits | SwarmLimits] = field(default_factory=dict)
    minute: defaultdict[Key, int] = field(default_factory=lambda: defaultdict(int))
    life: defaultdict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    granted: defaultdict[tuple[str, int, str], int] = field(
        default_factory=lambda: defaultdict(int)
    )
    """What a swarm was granted: its stream, the window, the kind."""
    open: dict[tuple[str, str], BudgetLeased] = field(default_factory=dict)
    leases: int = 0
    saved_at: datetime | None = None
    """When what was entered last was decided: shared by all events of a save."""
    leased_on: set[tuple[str, int, str]] = field(default_factory=set)
    """Swarms, windows and kinds of what was leased in the save."""

    def enter(self, recorded: Recorded) -> None:
        match recorded.event:
            case PersonaSpawned() as spawned:
                self.limits[recorded.stream] = spawned.limits
            case SwarmCreated() as created:
                self.limits[recorded.stream] = created.limits
            case BudgetLeased(resource="credits") as leased:
                self.lease(recorded, leased)
            case BudgetSettled(resource="credits") as settled:
                self.settle(recorded, settled)

    def lease(self, recorded: Recorded, leased: BudgetLeased) -> None:
        self.leases += 1
        self.open[recorded.stream, leased.lease_id] = leased
        for grant in leased.grants:
            for kind in KINDS:
                amount = getattr(grant, kind)
                assert amount >= 0
                self.charge(recorded.stream, grant.accounts, leased.window or 0, kind, amount)
                if amount:
                    self.must_fit(recorded, grant.accounts, leased.window or 0, kind)
                if grant.holder.startswith("swarm/") and grant.holder != recorded.stream:
                    self.granted[grant.holder, leased.window or 0, kind] += amount

    def settle(self, recorded: Recorded, settled: BudgetSettled) -> None:
        leased = self.open.pop((recorded.stream, settled.lease_id))
        spent = {each.holder: each for each in settled.spent}
        for grant in leased.grants:
            for kind in KINDS:
                used = getattr(spent[grant.holder], kind) if grant.holder in spent else 0
                surplus = used - getattr(grant, kind)
                self.charge(recorded.stream, grant.accounts, leased.window or 0, kind, surplus)

    def charge(
        self, stream: str, accounts: Sequence[str], window: int, kind: str, amount: int
    ) -> None:
        for account in accounts:
            self.minute[stream, account, window, kind] += amount
            self.life[stream, account, kind] += amount

    def must_fit(self, recorded: Recorded, accounts: Sequence[str], window: int, kind: str) -> None:
        stream, where = recorded.stream, f"at {recorded.position}"
        for account in accounts:
            limits = self.ceilings.fabric if account == "fabric" else self.limits[account]
            in_minute = self.minute[stream, account, window, kind]
            budget = getattr(limits, _MINUTE[kind])
            assert in_minute <= budget, f"{account}: {in_minute} {kind} of {budget} {where}"
            for_life = getattr(limits, _LIFE[kind])
            used = self.life[stream, account, kind]
            assert for_life is None or used <= for_life, f"{account}: {used} of {for_life} {where}"
        if stream.startswith("swarm/"):
            self.leased_on.add((stream, window, kind))

    def must_be_granted(self) -> None:
        for swarm, window, kind in self.leased_on:
            in_all, allowed = (
                self.minute[swarm, swarm, window, kind],
                self.granted[swarm, window, kind],
            )
            assert in_all <= allowed, f"{swarm} leases {in_all} {kind} of {allowed} in {window}"
        self.leased_on.clear()


_MINUTE = {"tokens": "token_budget_per_minute", "cpu_ms": "compute_ms_per_minute"}
_LIFE = {"tokens": "token_budget_lifetime", "cpu_ms": "compute_ms_lifetime"}
