"""What is true and what is allowed: events, aggregates, limits, rules, errors, ports.

Nothing here touches the world: no I/O, clock, randomness, asyncio or settings. Time, ids and
prices come in as arguments, so that every decision can be made again from the same facts.
"""
