"""Leases: reserve, call, settle. No reservation, no call."""

from domain.aggregates import Persona, Swarm
from domain.budget import Ceiling, Credits, LeaseRequest
from domain.errors import InvalidInput, ReservationNotFound
from domain.events.cognition import Usage
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
    _fund(unit, swarm, request, ceilings)
    return swarm.lease(
        unit.context, request, persona_id, chain(unit, persona), _allowance(unit, swarm)
    )


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
        InvalidInput: an amount below zero, or none at all.
        and what `lease` raises.
    """
    if min(credits.tokens, credits.cpu_ms) < 0 or credits == Credits():
        raise InvalidInput("tokens and cpu_ms must not be negative, and not both zero")
    request = LeaseRequest(reservation_id, credits, credits, call_id=call_id)
    return lease(unit, persona_id, request, ceilings)


def settle(unit: Unit, persona_id: str, reservation_id: str, usage: Usage) -> Credits:
    """End a reservation with what was used; return what was used beyond it.

    Usage beyond the reservation is charged in full and pauses the persona.

    Raises:
        ReservationNotFound: this persona has no such open reservation.
    """
    persona = unit.persona(persona_id)
    persona.must_live()
    swarm = unit.swarm(persona.swarm_id)
    if swarm.holder_of(reservation_id) != persona.id:
        raise ReservationNotFound(reservation_id)
    used = credits_of(usage)
    over = swarm.settle(unit.context, reservation_id, {persona.id: used})
    if over != Credits():
        persona.pause(unit.context, "overspent", used)
    return over


def release(unit: Unit, persona_id: str, reservation_id: str) -> None:
    """End a reservation of which nothing was used.

    Raises:
        ReservationNotFound: this persona has no such open reservation.
    """
    persona = unit.persona(persona_id)
    swarm = unit.swarm(persona.swarm_id)
    if swarm.holder_of(reservation_id) != persona.id:
        raise ReservationNotFound(reservation_id)
    swarm.settle(unit.context, reservation_id, {persona.id: Credits()}, outcome="released")


def charge_unreserved(unit: Unit, persona: Persona, usage: Usage) -> None:
    """Charge usage that nobody reserved, in full, and pause the persona."""
    used = credits_of(usage)
    unit.swarm(persona.swarm_id).overdraw(
        unit.context, unit.context.new_id(), persona.persona_id, chain(unit, persona), used
    )
    persona.pause(unit.context, "overspent", used)


def settle_leases(unit: Unit, swarm_id: str, used: dict[str, tuple[str, Credits]]) -> None:
    """End leases of the loop: lease id to holder's stream and what it used."""
    swarm = unit.swarm(swarm_id)
    for lease_id, (holder, credits) in used.items():
        if lease_id in swarm.pool.open:
            swarm.settle(unit.context, lease_id, {holder: credits})


def credits_of(usage: Usage) -> Credits:
    """Return what a usage costs in credits.

    Raises:
        InvalidInput: a number is below zero.
    """
    if min(usage.prompt_tokens, usage.completion_tokens, usage.cpu_ms, usage.cost_micro_usd) < 0:
        raise InvalidInput("usage must not be negative", field="usage")
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


def _fund(unit: Unit, swarm: Swarm, request: LeaseRequest, ceilings: Ceilings) -> None:
    """See to it that the swarm was granted enough, by its founder's swarm or by the fabric."""
    context = unit.context
    missing = swarm.missing(context, _allowance(unit, swarm), request.needed)
    if missing == Credits():
        return
    part = Credits(swarm.ceiling.minute.tokens // 4, swarm.ceiling.minute.cpu_ms // 4)
    more = LeaseRequest(context.new_id(), missing, missing.at_least(part), request.epoch)
    if swarm.founder_swarm_id is None or swarm.founder_id is None:
        used = swarm.used_in_window(swarm.id, swarm.pool.window)
        unit.fabric().lease(context, more, swarm.ceiling, ceilings.fabric, used)
        return
    above = unit.swarm(swarm.founder_swarm_id)
    _fund(unit, above, more, ceilings)
    every = [swarm.ceiling, *chain(unit, unit.persona(swarm.founder_id))]
    above.lease(context, more, swarm.founder_id, every, _allowance(unit, above))


def _allowance(unit: Unit, swarm: Swarm) -> Credits:
    """Tell what was granted to a swarm for its current window."""
    window = swarm.pool.current(unit.context.window)
    if swarm.founder_swarm_id is None:
        pool = unit.fabric().pool
    else:
        pool = unit.swarm(swarm.founder_swarm_id).pool
    return pool.leased.get(swarm.id, Credits()) if pool.window == window else Credits()
