"""The machine: processors, memory, and its clock."""

from datetime import UTC, datetime

from services.cli.checks.finding import Finding, fine, warning, wrong
from services.cli.checks.scene import Scene

FEWEST_CORES = 2
LEAST_MEMORY_BYTES = 500_000_000
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right says less: the program was written later."""


def cores(scene: Scene) -> Finding:
    """Warn of a machine on which thinking and storing wait for each other."""
    number = scene.machine.cores()
    if number < FEWEST_CORES:
        found = f"{number} processor: thinking, PostgreSQL and the API wait for each other"
        return warning("cores", found, f"give it {FEWEST_CORES} or more")
    return fine("cores", f"{number} processors")


def memory(scene: Scene) -> Finding:
    """Warn of little memory."""
    free = scene.machine.free_memory()
    said = f"{free / 1e9:,.1f} GB of memory free"
    if free < LEAST_MEMORY_BYTES:
        return warning("memory", said, "end something else, or use a larger machine")
    return fine("memory", said)


def clock(scene: Scene) -> Finding:
    """See that the clock may be right: budgets are counted by its minutes."""
    now = scene.machine.now()
    if now < WRITTEN:
        return wrong("clock", f"it says {now:%Y-%m-%d}", "set the machine's clock, best by NTP")
    return fine("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")
