"""Limits that contradict each other."""

from domain.errors import InvalidInput
from domain.limits import Limits, SwarmLimits, check_range
from services.cli.checks.finding import Finding, fine, warning, wrong
from services.cli.checks.scene import Scene
from services.cognition.calls import LEAST_TIME
from services.cognition.statistical.thinker import SLICE_MS


def limits(scene: Scene) -> Finding:
    """See that limits can be counted with, and none promises what another takes back."""
    fabric, swarm = scene.settings.limits.fabric, scene.settings.limits.swarm
    for which, each in (("fabric", fabric), ("swarm", swarm)):
        try:
            check_range(each)
        except InvalidInput as bad:
            return wrong("limits", f"limits.{which}: {bad.message}", "correct it")
        for name, value in each:
            if value == 0:
                return wrong(
                    "limits", f"limits.{which}.{name} is 0: nobody can do anything", "raise it"
                )
    for name in SwarmLimits.model_fields:
        above, below = getattr(fabric, name), getattr(swarm, name)
        if above is not None and below is not None and below > above:
            found = f"limits.swarm.{name} is {below:,}, and the whole fabric's only {above:,}"
            return warning("limits", found, "lower the one or raise the other")
    return fine("limits", "none contradicts another")


def one_call(scene: Scene) -> Finding | None:
    """See that a minute's budget holds one step of a thinker: else nobody ever thinks."""
    need_ms = SLICE_MS // LEAST_TIME
    for which, each in (
        ("fabric", scene.settings.limits.fabric),
        ("swarm", scene.settings.limits.swarm),
    ):
        if each.compute_ms_per_minute < need_ms:
            found = (
                f"one step is reserved {need_ms:,} ms, and limits.{which}.compute_ms_per_minute"
                f" is {each.compute_ms_per_minute:,}"
            )
            return wrong(
                "one call", found, f"raise it to {need_ms:,} at least, better to ten times that"
            )
    return None


def persona(scene: Scene) -> Finding | None:
    """Warn of swarms too poor for a single persona of the default limits."""
    swarm = scene.settings.limits.swarm
    for name in ("token_budget_per_minute", "compute_ms_per_minute"):
        own, of_all = getattr(Limits(), name), getattr(swarm, name)
        if own > of_all:
            found = f"a persona may use {own:,} by default, and limits.swarm.{name} is {of_all:,}"
            return warning("persona limits", found, "raise it, or spawn with a policy of its own")
    return None
