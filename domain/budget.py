"""Pools of credits. Sum of leases <= ceiling in every prefix of the history.

A pool leases the credits of one window (a UTC minute) to holders. A grant counts against every
account it names: the holder, each of its ancestors, and the pool itself. Leased counts as used
until it is settled; what was never settled stays counted (ADR 3).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from domain.context import Context
from domain.errors import BudgetExhausted
from domain.events.budget import BudgetLeased, BudgetSettled, Grant, Spent

SECONDS_A_WINDOW = 60
KEPT_WINDOWS = 60
"""How long a lease may be settled after its window; later it is forfeit and stays counted."""


@dataclass(frozen=True, slots=True)
class Credits:
    """An amount of both kinds of credit."""

    tokens: int = 0
    cpu_ms: int = 0

    def __add__(self, other: "Credits") -> "Credits":
        return Credits(self.tokens + other.tokens, self.cpu_ms + other.cpu_ms)

    def __sub__(self, other: "Credits") -> "Credits":
        return Credits(self.tokens - other.tokens, self.cpu_ms - other.cpu_ms)

    def covers(self, other: "Credits") -> bool:
        """Tell whether the other amount fits into this one."""
        return self.tokens >= other.tokens and self.cpu_ms >= other.cpu_ms

    def at_most(self, other: "Credits") -> "Credits":
        """Return the lesser amount of each kind."""
        return Credits(min(self.tokens, other.tokens), min(self.cpu_ms, other.cpu_ms))

    def at_least(self, other: "Credits") -> "Credits":
        """Return the greater amount of each kind."""
        return Credits(max(self.tokens, other.tokens), max(self.cpu_ms, other.cpu_ms))


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What an account may use, in a window and, if set, for ever."""

    account: str
    minute: Credits
    lifetime_tokens: int | None = None
    lifetime_cpu_ms: int | None = None


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A wish for credits of the current window."""

    lease_id: str
    """Id of the new lease."""
    needed: Credits
    """At least this much: the worst case of a call."""
    wished: Credits
    """Up to this much, to lease less often."""
    epoch: int = 0
    """Loop that asks; 0 for a call made elsewhere."""
    call_id: str | None = None
    """The caller's own id, for a call made elsewhere."""


@dataclass(slots=True)
class Lease:
    """A lease not yet settled."""

    window: int
    grants: tuple[Grant, ...]


@dataclass(slots=True)
class Pool:
    """What of a stream's credits is leased and used. Folded, so that it decides without a query."""

    window: int = 0
    leased: dict[str, Credits] = field(default_factory=dict)
    lifetime: dict[str, Credits] = field(default_factory=dict)
    open: dict[str, Lease] = field(default_factory=dict)

    def apply_leased(self, event: BudgetLeased) -> None:
        """Count a lease against all its accounts."""
        window = event.window or 0
        self._open_window(window)
        self.open[event.lease_id] = Lease(window, event.grants)
        for grant in event.grants:
            self._charge(window, grant.accounts, Credits(grant.tokens, grant.cpu_ms))

    def apply_settled(self, event: BudgetSettled) -> None:
        """Replace what was leased by what was used."""
        lease = self.open.pop(event.lease_id, None)
        if lease is None:
            return
        used = {s.holder: Credits(s.tokens, s.cpu_ms) for s in event.spent}
        for grant in lease.grants:
            surplus = used.get(grant.holder, Credits()) - Credits(grant.tokens, grant.cpu_ms)
            self._charge(lease.window, grant.accounts, surplus)

    def left(self, ceiling: Ceiling, window: int) -> Credits:
        """Tell what an account may still lease in a window."""
        used = self.leased.get(ceiling.account, Credits()) if window == self.window else Credits()
        left = ceiling.minute - used
        life = self.lifetime.get(ceiling.account, Credits())
        tokens, cpu_ms = left.tokens, left.cpu_ms
        if ceiling.lifetime_tokens is not None:
            tokens = min(tokens, ceiling.lifetime_tokens - life.tokens)
        if ceiling.lifetime_cpu_ms is not None:
            cpu_ms = min(cpu_ms, ceiling.lifetime_cpu_ms - life.cpu_ms)
        return Credits(tokens, cpu_ms)

    def fit(self, request: LeaseRequest, ceilings: Iterable[Ceiling], context: Context) -> Credits:
        """Return what may be leased: what is wished if it fits every ceiling, at least the need.

        Raises:
            BudgetExhausted: the need does not fit one of the ceilings.
        """
        granted = request.wished
        for ceiling in ceilings:
            left = self.left(ceiling, self.current(context.window))
            if not left.covers(request.needed):
                raise _exhausted(ceiling, request.needed, left, context.now.second)
            granted = granted.at_most(left)
        return granted.at_least(request.needed)

    def current(self, window: int) -> int:
        """Return the window to lease in: never earlier than the stream's last."""
        return max(window, self.window)

    def _open_window(self, window: int) -> None:
        if window > self.window:
            self.window = window
            self.leased.clear()
            stale = [i for i, lease in self.open.items() if lease.window < window - KEPT_WINDOWS]
            for lease_id in stale:
                del self.open[lease_id]

    def _charge(self, window: int, accounts: Iterable[str], amount: Credits) -> None:
        for account in accounts:
            self.lifetime[account] = self.lifetime.get(account, Credits()) + amount
            if window == self.window:
                self.leased[account] = self.leased.get(account, Credits()) + amount


def _exhausted(ceiling: Ceiling, needed: Credits, left: Credits, second: int) -> BudgetExhausted:
    by_tokens = needed.tokens > left.tokens
    need, have, limit = (
        (needed.tokens, left.tokens, ceiling.minute.tokens)
        if by_tokens
        else (needed.cpu_ms, left.cpu_ms, ceiling.minute.cpu_ms)
    )
    hopeless = need > limit
    return BudgetExhausted(
        ceiling.account,
        "token" if by_tokens else "cpu",
        needed=need,
        left=have,
        limit=limit,
        retry_after_secs=None if hopeless else max(1, SECONDS_A_WINDOW - second),
    )


def spent(used: Mapping[str, Credits]) -> tuple[Spent, ...]:
    """Say who used what, in the order given."""
    return tuple(Spent(holder=h, tokens=c.tokens, cpu_ms=c.cpu_ms) for h, c in used.items())
