"""Leases: reserve, call, settle. No reservation, no call."""

from collections.abc import Mapping
from dataclasses import replace

from domain.aggregates import Fabric, Persona, Swarm
from domain.budget import PART_AHEAD, Ceiling, Credits, LeaseRequest
from domain.errors import InvalidInput, PersonaNotFound, ReservationNotFound
from domain.events.cognition import Usage
from domain.limits import LARGEST
from services.commands.lifecycle import Ceilings
from services.unit_of_work import Unit


def lease(unit: Unit, persona_id: str, request: LeaseRequest, ceilings: Ceilings) -> Credits:
    """Lease credits of this window to a persona; return how much.

    Raises:
        PersonaNotFound, PersonaReapedError, PersonaIsPaused: it may not think.
        BudgetExhausted: the need does not fit it, an ancestor, its swarm or the fabric.
    """
    persona = unit.persona(persona_id)
    persona.must_be_free_to_think()
    swarm = unit.swarm(persona.swarm_id)
    request = replace(request, window=_window(unit, swarm))
    _fund(unit, swarm, request, ceilings)
    allowance = _allowance(unit, swarm, request.window)
    return swarm.lease(unit.context, request, persona_id, chain(unit, persona), allowance)


def reserve(
    unit: Unit,
    persona_id: str,
    call_id: str,
    reservation_id: str,
    credits: Credits,
    ceilings: Ceilings,
) -> Credits:
    """Reserve exactly this much for a call made elsewhere.

    Raises:
        InvalidInput: an amount that can't be, or none at all.
        and what `lease` raises.
    """
    _check_range(tokens=credits.tokens, cpu_ms=credits.cpu_ms)
    if credits == Credits():
        raise InvalidInput("tokens and cpu_ms must not both be zero", field="tokens")
    request = LeaseRequest(reservation_id, credits, credits, call_id=call_id)
    return lease(unit, persona_id, request, ceilings)


def settle(unit: Unit, persona_id: str, reservation_id: str, usage: Usage) -> Credits:
    """End a reservation with what was used; return what was used beyond it.

    Usage beyond the reservation is charged in full and pauses the persona. What a persona used
    before it was reaped can be settled after.

    Raises:
        InvalidInput: a number that can't be.
        PersonaNotFound: none has this id.
        ReservationNotFound: this persona has no such open reservation.
    """
    persona = _holder(unit, persona_id, reservation_id)
    used = credits_of(usage)
    over = _settle(unit, unit.swarm(persona.swarm_id), reservation_id, {persona.id: used})
    if over != Credits() and not persona.reaped:
        persona.pause(unit.context, "overspent", used)
    return over


def release(unit: Unit, persona_id: str, reservation_id: str) -> None:
    """End a reservation of which nothing was used.

    Raises:
        PersonaNotFound: none has this id.
        ReservationNotFound: this persona has no such open reservation.
    """
    persona = _holder(unit, persona_id, reservation_id)
    swarm = unit.swarm(persona.swarm_id)
    swarm.settle(unit.context, reservation_id, {persona.id: Credits()}, outcome="released")


def charge_unreserved(unit: Unit, persona: Persona, usage: Usage) -> None:
    """Charge usage that nobody reserved, in full, and pause the persona."""
    used = credits_of(usage)
    swarm = unit.swarm(persona.swarm_id)
    window = _window(unit, swarm)
    accounts = [*(c.account for c in chain(unit, persona)), swarm.id]
    swarm.overdraw(unit.context, accounts, used, window, persona.persona_id)
    _pass_up(unit, swarm, used, window)
    persona.pause(unit.context, "overspent", used)


def settle_leases(unit: Unit, swarm_id: str, used: dict[str, tuple[str, Credits]]) -> None:
    """End leases of the loop: lease id to holder's stream and what it used."""
    swarm = unit.swarm(swarm_id)
    for lease_id, (holder, credits) in used.items():
        if lease_id in swarm.pool.open:
            _settle(unit, swarm, lease_id, {holder: credits})


def credits_of(usage: Usage) -> Credits:
    """Return what a usage costs in credits.

    Raises:
        InvalidInput: a number that can't be.
    """
    _check_range(**dict(usage))
    return Credits(usage.tokens, usage.cpu_ms)


def chain(unit: Unit, persona: Persona) -> list[Ceiling]:
    """Return the ceilings of a persona and of its ancestors in the same swarm, itself first."""
    ceilings = [persona.ceiling]
    parent_id = persona.identity.parent_id
    while parent_id:
        parent = unit.persona(parent_id)
        if parent.swarm_id != persona.swarm_id:
            break
        ceilings.append(parent.ceiling)
        parent_id = parent.identity.parent_id
    return ceilings


def _settle(unit: Unit, swarm: Swarm, lease_id: str, used: Mapping[str, Credits]) -> Credits:
    """End a lease; what was used beyond it is charged to all that pay for the swarm as well."""
    window = swarm.lease_of(lease_id).window
    over = swarm.settle(unit.context, lease_id, used)
    if over != Credits():
        _pass_up(unit, swarm, over, window)
    return over


def _pass_up(unit: Unit, swarm: Swarm, over: Credits, window: int) -> None:
    above = payer(unit, swarm)
    if isinstance(above, Fabric):
        above.overdraw(unit.context, (swarm.id, above.id), over, window)
        return
    founders = chain(unit, unit.persona(swarm.founder_id or ""))
    accounts = (swarm.id, *(c.account for c in founders), above.id)
    above.overdraw(unit.context, accounts, over, window, swarm.founder_id)
    _pass_up(unit, above, over, window)


def _fund(unit: Unit, swarm: Swarm, request: LeaseRequest, ceilings: Ceilings) -> None:
    """See to it that the swarm was granted enough, by its founder's swarm or by the fabric."""
    context, above = unit.context, payer(unit, swarm)
    allowance = _allowance(unit, swarm, request.window)
    missing = swarm.missing(request.window, allowance, request.needed)
    if missing == Credits():
        return
    above.settle_earlier(context, swarm.id, swarm.pool, request.window)
    minute = swarm.ceiling.minute
    part = Credits(minute.tokens // PART_AHEAD, minute.cpu_ms // PART_AHEAD)
    more = LeaseRequest(
        context.new_id(), missing, missing.at_least(part), request.epoch, window=request.window
    )
    if isinstance(above, Fabric):
        above.lease(context, more, swarm.ceiling, ceilings.fabric)
        return
    _fund(unit, above, more, ceilings)
    founder_id = swarm.founder_id or ""
    every = [swarm.ceiling.of_minute, *chain(unit, unit.persona(founder_id))]
    above.lease(context, more, founder_id, every, _allowance(unit, above, request.window))


def payer(unit: Unit, swarm: Swarm) -> Fabric | Swarm:
    """Return who grants a swarm its credits: the fabric, or the swarm of its founder."""
    if swarm.founder_swarm_id is None:
        return unit.fabric()
    return unit.swarm(swarm.founder_swarm_id)


def _allowance(unit: Unit, swarm: Swarm, window: int) -> Credits:
    """Tell what was granted to a swarm for a window."""
    return payer(unit, swarm).pool.used_in(swarm.id, window)


def _window(unit: Unit, swarm: Swarm) -> int:
    """Return the window to lease in: never earlier than the last of a pool that pays for it."""
    newest = max(unit.context.window, swarm.pool.window)
    above = payer(unit, swarm)
    if isinstance(above, Fabric):
        return max(newest, above.pool.window)
    return max(newest, _window(unit, above))


def _holder(unit: Unit, persona_id: str, reservation_id: str) -> Persona:
    """Return the persona that holds a reservation, reaped or not."""
    persona = unit.persona(persona_id)
    if not persona.exists:
        raise PersonaNotFound(persona_id)
    lease = unit.swarm(persona.swarm_id).lease_of(reservation_id)
    if lease.grants[0].holder != persona.id:
        raise ReservationNotFound(reservation_id)
    return persona


def _check_range(**amounts: int) -> None:
    for name, amount in amounts.items():
        if not 0 <= amount <= LARGEST:
            raise InvalidInput(
                f"{name} must be between 0 and {LARGEST}, not {amount}",
                field=name, limit=LARGEST, actual=amount,
            )  # fmt: skip
