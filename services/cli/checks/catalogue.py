"""All checks in their order: what settings say, this machine, the store, the bus, what goes on."""

from collections.abc import Callable, Iterator, Sequence

from services.cli.checks import (
    access,
    files,
    gate,
    home,
    kafka,
    lake,
    limits,
    machine,
    memory,
    running,
    serving,
    store,
    thinkers,
)
from services.cli.checks.finding import Finding, wrong
from services.cli.checks.scene import Scene

Check = Callable[[Scene], Finding | None]
"""Looks at one thing; None where there is nothing to be said of it."""
CheckOfAll = Callable[[Scene], Sequence[Finding]]
"""Looks at every thing of a kind."""

CHECKS: tuple[Check | CheckOfAll, ...] = (
    files.settings, files.files_twice, files.files_unread, files.variables,
    home.home, home.disk, home.lasting,
    access.token, access.users, access.exposed, access.origins, serving.port,
    gate.actions, gate.actions_apart, gate.tools_without_rule, gate.rules_without_tool,
    gate.reckless,
    limits.limits, limits.one_call, limits.persona, thinkers.models, memory.embedder, lake.lake,
    machine.cores, machine.memory, machine.clock,
    store.store, store.rights, store.vectors, store.partitions, store.skew,
    thinkers.nameless, thinkers.means,
    kafka.kafka, kafka.transactions, kafka.relay,
    running.no_thinking, running.views, running.future, running.inputs, running.dropped,
    running.held, running.waiting, running.unclear,
)  # fmt: skip
"""`store.store` comes before all that look into the store."""


def examined(scene: Scene) -> Iterator[Finding]:
    """Yield what each check finds. One that fails itself is a finding, and ends no other."""
    for check in CHECKS:
        found: Finding | Sequence[Finding] | None
        try:
            found = check(scene)
        except Exception as failed:
            name = check.__name__.replace("_", " ")
            said = f"can't be looked at: {type(failed).__name__}: {failed}"
            found = wrong(name, " ".join(said.split()), "see that this user may look at it")
        if found:
            yield from [found] if isinstance(found, Finding) else found
