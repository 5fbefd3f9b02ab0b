"""An auditor of budgets: reads nothing but the events, in their order, and believes none of them.

It adds up what is leased and used in two ways: as the events say, account by account of each
stream; and as it is, from the leases of personas alone, charged to every ancestor by lineage, to
the swarm, the founder's swarm and so on, and to the fabric. Both must stay within every ceiling
after every single event, but for what events record as used beyond a lease.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from domain.budget import Credits
from domain.events import BudgetLeased, BudgetSettled, Event, PersonaSpawned, SwarmCreated
from domain.limits import Limits, SwarmLimits

NOTHING = Credits()
Sums = defaultdict[object, Credits]


def sums() -> Sums:
    return defaultdict(Credits)


@dataclass
class Open:
    """A lease that waits to be settled."""

    stream: str
    window: int
    holder: str
    accounts: tuple[str, ...]
    granted: Credits


@dataclass
class Ledger:
    """What is leased and used, and what may be."""

    fabric: SwarmLimits
    swarms: dict[str, SwarmCreated] = field(default_factory=dict)
    personas: dict[str, PersonaSpawned] = field(default_factory=dict)
    open: dict[str, Open] = field(default_factory=dict)
    said: Sums = field(default_factory=sums)
    """By (stream, account, window), and by (stream, account) for ever."""
    true: Sums = field(default_factory=sums)
    """By (account, window), and by account for ever."""
    beyond: Sums = field(default_factory=sums)
    """What was used beyond leases, by the keys of both."""
    windows: dict[str, int] = field(default_factory=dict)

    def read(self, events: Iterable[Event]) -> None:
        """Add events up; every ceiling must hold after each."""
        for event in events:
            match event:
                case SwarmCreated():
                    self.swarms[event.swarm_id] = event
                case PersonaSpawned():
                    self.personas[f"persona/{event.persona_id}"] = event
                case BudgetLeased(resource="credits"):
                    self._lease(event)
                case BudgetSettled(resource="credits"):
                    self._settle(event)

    def _lease(self, event: BudgetLeased) -> None:
        stream = "fabric" if event.swarm_id == "fabric" else f"swarm/{event.swarm_id}"
        [grant] = event.grants
        window, amount = event.window or 0, Credits(grant.tokens, grant.cpu_ms)
        lease = Open(stream, window, grant.holder, grant.accounts, amount)
        assert event.lease_id not in self.open
        assert amount.covers(NOTHING)
        self.open[event.lease_id] = lease
        if amount != NOTHING:
            assert window >= self.windows.get(stream, 0), "a window came back"
            self.windows[stream] = window
        self._add(lease, amount, NOTHING)

    def _settle(self, event: BudgetSettled) -> None:
        lease = self.open.pop(event.lease_id)
        [spent] = event.spent
        used = Credits(spent.tokens, spent.cpu_ms)
        assert (spent.holder, event.window) == (lease.holder, lease.window)
        self._add(lease, used - lease.granted, (used - lease.granted).at_least(NOTHING))

    def _add(self, lease: Open, amount: Credits, beyond: Credits) -> None:
        keys = [*self._said_keys(lease), *self._true_keys(lease)]
        for sums_of, key, ceiling in keys:
            sums_of[key] += amount
            self.beyond[key] += beyond
            within = sums_of[key] - self.beyond[key]
            assert ceiling.covers(within), f"{key}: {within} of {ceiling}"
            assert sums_of[key].covers(NOTHING), f"{key} has become less than nothing"

    def _said_keys(self, lease: Open) -> Iterator[tuple[Sums, object, Credits]]:
        for account in lease.accounts:
            minute, life = self._ceilings(account)
            yield self.said, (lease.stream, account, lease.window), minute
            if account == lease.stream or account.startswith("persona/"):
                yield self.said, (lease.stream, account), life

    def _true_keys(self, lease: Open) -> Iterator[tuple[Sums, object, Credits]]:
        if lease.holder.startswith("persona/"):
            for account in self._above(lease.holder):
                minute, life = self._ceilings(account)
                yield self.true, (account, lease.window), minute
                yield self.true, account, life

    def _above(self, persona: str) -> Iterator[str]:
        """Yield whose ceilings a call of a persona counts against, itself first."""
        swarm_id: str | None = self.personas[persona].swarm_id
        above: str | None = persona
        while above:
            yield above
            parent_id = self.personas[above].identity.parent_id
            above = f"persona/{parent_id}" if parent_id else None
        while swarm_id:
            yield f"swarm/{swarm_id}"
            swarm_id = self.swarms[swarm_id].founder_swarm_id
        yield "fabric"

    def _ceilings(self, account: str) -> tuple[Credits, Credits]:
        """Return what an account may use in a minute, and for ever."""
        limits: Limits | SwarmLimits = self.fabric
        if account.startswith("persona/"):
            limits = self.personas[account].limits
        elif account != "fabric":
            limits = self.swarms[account.removeprefix("swarm/")].limits
        life = (limits.token_budget_lifetime, limits.compute_ms_lifetime)
        tokens, cpu_ms = (2**60 if each is None else each for each in life)
        minute = Credits(limits.token_budget_per_minute, limits.compute_ms_per_minute)
        return minute, Credits(tokens, cpu_ms)
