"""Pools of credits. Sum of leases <= ceiling in every prefix of the history.

A pool leases the credits of one window (a UTC minute) to holders. A grant counts against every
account it names: the holder, each of its ancestors, and the pool itself. Leased counts as used
until it is settled; what was never settled stays counted (ADR 3). Only what was used beyond its
lease, and recorded, can pass a ceiling.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from domain import streams
from domain.context import Context
from domain.errors import BudgetExhausted
from domain.events.budget import BudgetLeased, BudgetSettled, Grant, Spent

SECONDS_A_WINDOW = 60
KEPT_WINDOWS = 60
"""How long a lease may be settled after its window; later it is forfeit and stays counted."""
PART_AHEAD = 4
"""One part in so many of what is left, of a minute or for life, is leased ahead at most."""
UNLIMITED = 2**62
"""Stands for a ceiling that is not set."""


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

    @property
    def lifetime(self) -> Credits:
        """What it may use for ever."""
        return Credits(
            UNLIMITED if self.lifetime_tokens is None else self.lifetime_tokens,
            UNLIMITED if self.lifetime_cpu_ms is None else self.lifetime_cpu_ms,
        )

    @property
    def of_minute(self) -> "Ceiling":
        """The same without what it may use for ever."""
        return Ceiling(self.account, self.minute)


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
    window: int = 0
    """Earliest window it may be for: the newest of all the pools that pay for it."""


@dataclass(slots=True)
class Lease:
    """A lease not yet settled."""

    window: int
    grants: tuple[Grant, ...]
    epoch: int = 0
    """Loop that took it; 0 for a call made elsewhere."""

    def is_lost(self, window: int, epoch: int) -> bool:
        """Tell whether nobody can settle it any more.

        Args:
            window: the window now.
            epoch: the newest loop; what an older one took, it can't settle.
        """
        late = self.window < window - KEPT_WINDOWS
        return late or (self.window < window and 0 < self.epoch < epoch)


@dataclass(slots=True)
class Pool:
    """What of a stream's credits is leased and used. Folded, so that it decides without a query."""

    window: int = 0
    leased: dict[str, Credits] = field(default_factory=dict)
    lifetime: dict[str, Credits] = field(default_factory=dict)
    open: dict[str, Lease] = field(default_factory=dict)
    covered: dict[int, Credits] = field(default_factory=dict)
    """What the leases of each late window cover: what is leased, or was used within the lease."""

    def apply_leased(self, event: BudgetLeased) -> None:
        """Count a lease against all its accounts."""
        window = event.window or 0
        self._open_window(window)
        self.open[event.lease_id] = Lease(window, event.grants, event.epoch)
        for grant in event.grants:
            self._charge(window, grant.accounts, granted(grant))
            self._cover(window, granted(grant))

    def apply_settled(self, event: BudgetSettled) -> None:
        """Replace what was leased by what was used."""
        lease = self.open.pop(event.lease_id, None)
        if lease is None:
            return
        used = {s.holder: Credits(s.tokens, s.cpu_ms) for s in event.spent}
        for grant in lease.grants:
            amount, used_of_it = granted(grant), used.get(grant.holder, Credits())
            self._charge(lease.window, grant.accounts, used_of_it - amount)
            self._cover(lease.window, used_of_it.at_most(amount) - amount)

    def fit(self, request: LeaseRequest, ceilings: Iterable[Ceiling], context: Context) -> Credits:
        """Return what may be leased: what is wished if it fits every ceiling, at least the need.

        Only a part of the rest is leased ahead: near the end of a ceiling nobody is to be refused
        for what others hold and may never use.

        Raises:
            BudgetExhausted: the need does not fit one of the ceilings.
        """
        window = self.current(request, context)
        most = request.wished
        for ceiling in ceilings:
            life = ceiling.lifetime - self.lifetime.get(ceiling.account, Credits())
            left = ceiling.minute - self.used_in(ceiling.account, window)
            wait_secs = _until_next(window, context.now)
            if not life.covers(request.needed):
                may_come_back = (life + self._lent(ceiling.account)).covers(request.needed)
                raise _exhausted(
                    ceiling.account, request.needed, life, ceiling.lifetime, "lifetime",
                    wait_secs if may_come_back else None,
                )  # fmt: skip
            if not left.covers(request.needed):
                raise _exhausted(
                    ceiling.account, request.needed, left, ceiling.minute, "minute", wait_secs
                )
            rest = life.at_most(left) - request.needed
            ahead = Credits(rest.tokens // PART_AHEAD, rest.cpu_ms // PART_AHEAD)
            most = most.at_most(request.needed + ahead)
        return most.at_least(request.needed)

    def current(self, request: LeaseRequest, context: Context) -> int:
        """Return the window to lease in: never earlier than the stream's last."""
        return max(context.window, request.window, self.window)

    def used_in(self, account: str, window: int) -> Credits:
        """Tell what an account has leased or used in a window; zero unless it is the last."""
        return self.leased.get(account, Credits()) if window == self.window else Credits()

    def is_open(self, window: int) -> bool:
        """Tell whether leases of a window wait to be settled."""
        return any(lease.window == window for lease in self.open.values())

    def _lent(self, account: str) -> Credits:
        """Tell what of an account is leased and not settled: as much may come back."""
        grants = (grant for lease in self.open.values() for grant in lease.grants)
        return sum((granted(each) for each in grants if account in each.accounts), Credits())

    def _open_window(self, window: int) -> None:
        if window > self.window:
            self.window = window
            self.leased.clear()
            for lease_id in [i for i, lease in self.open.items() if self._is_forfeit(lease)]:
                del self.open[lease_id]

    def _is_forfeit(self, lease: Lease) -> bool:
        """Tell whether nobody will settle a lease. A swarm's is settled when it comes back."""
        late = lease.window < self.window - KEPT_WINDOWS
        return late and not any(streams.is_swarm(grant.holder) for grant in lease.grants)

    def _charge(self, window: int, accounts: Iterable[str], amount: Credits) -> None:
        for account in accounts:
            self.lifetime[account] = self.lifetime.get(account, Credits()) + amount
            if window == self.window:
                self.leased[account] = self.leased.get(account, Credits()) + amount

    def _cover(self, window: int, amount: Credits) -> None:
        self.covered[window] = self.covered.get(window, Credits()) + amount
        if len(self.covered) > 2 * KEPT_WINDOWS:
            del self.covered[min(self.covered)]


def granted(grant: Grant) -> Credits:
    """Return what a grant allows."""
    return Credits(grant.tokens, grant.cpu_ms)


def spent(used: Mapping[str, Credits]) -> tuple[Spent, ...]:
    """Say who used what, in the order given."""
    return tuple(Spent(holder=h, tokens=c.tokens, cpu_ms=c.cpu_ms) for h, c in used.items())


def _exhausted(
    account: str, needed: Credits, left: Credits, limit: Credits, period: str,
    wait_secs: int | None,
) -> BudgetExhausted:  # fmt: skip
    """Make the refusal of what does not fit, and may after so many seconds; None: it never will."""
    by_tokens = needed.tokens > left.tokens
    hopeless = not limit.covers(needed)
    return BudgetExhausted(
        account,
        "token" if by_tokens else "cpu",
        needed=needed.tokens if by_tokens else needed.cpu_ms,
        left=left.tokens if by_tokens else left.cpu_ms,
        limit=limit.tokens if by_tokens else limit.cpu_ms,
        period=period,
        retry_after_secs=None if hopeless else wait_secs,
    )


def _until_next(window: int, now: datetime) -> int:
    """Return the seconds until the window after a window opens, at least 1."""
    return max(1, ceil((window + 1) * SECONDS_A_WINDOW - now.timestamp()))
