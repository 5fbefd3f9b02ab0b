"""What may be done: where actions write, and whether tools and rules go together."""

import tempfile
from difflib import get_close_matches
from pathlib import Path

from domain.vocabulary import RISKS
from services.cli.checks.finding import Finding, fine, warning, wrong
from services.cli.checks.scene import Scene, nearest

_OF_THE_SYSTEM = ("/", "/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/sbin", "/sys",
                  "/usr", "/var")  # fmt: skip
LONG_SECS = 7 * 86_400


def actions(scene: Scene) -> Finding:
    """See that actions can write where they are to."""
    folder = scene.settings.actions_folder
    above = nearest(folder)
    if not above.is_dir():
        return wrong("actions", f"{above} is no folder", "set gate.folder to one")
    try:
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as bad:
        fix = "give this user the right to write there, or set gate.folder"
        return wrong("actions", f"{above}: {bad.strerror}", fix)
    made = "" if folder.exists() else ", made when it is needed"
    return fine("actions", f"{folder} can be written{made}")


def actions_apart(scene: Scene) -> Finding | None:
    """See that no action can reach our own files, or those of the system."""
    folder, home = (path.resolve() for path in (scene.settings.actions_folder, scene.settings.home))
    fix = "set gate.folder to a folder of its own"
    if home.is_relative_to(folder):
        return wrong("actions apart", f"{folder} holds the tokens and the store as well", fix)
    if folder.is_relative_to(home / "postgres"):
        return wrong("actions apart", f"{folder} is within the store", fix)
    for system in _OF_THE_SYSTEM:
        if folder == Path(system) or (folder.is_relative_to("/etc") and system == "/etc"):
            return wrong("actions apart", f"{folder} is the system's", fix)
    return None


def rules_without_tool(scene: Scene) -> Finding | None:
    """Warn of a rule for a tool there is not: mostly a typo."""
    tools = scene.settings.gate.tools
    for rule in scene.settings.gate.allow:
        if rule.tool not in tools:
            near = get_close_matches(rule.tool, tools, 1, 0.5)
            fix = f"did you mean {near[0]}?" if near else f"add it as [gate.tools.{rule.tool!r}]"
            return warning("rules", f"a rule allows {rule.tool}, and there is no such tool", fix)
    return fine("rules", f"{len(scene.settings.gate.allow)}, each for a tool there is")


def tools_without_rule(scene: Scene) -> Finding | None:
    """Warn of a tool that no rule ever allows: each of its proposals is denied."""
    gate = scene.settings.gate
    for name, tool in gate.tools.items():
        rules = [rule for rule in gate.allow if rule.tool == name]
        if not rules:
            found = f"no rule allows {name}: each proposal of it is denied"
            return warning("tools", found, "add a [[gate.allow]] for it, or take the tool away")
        if all(RISKS.index(rule.max_risk) < RISKS.index(tool.risk) for rule in rules):
            found = f"{name} is at least {tool.risk} risk, and no rule allows that much"
            return warning("tools", found, "raise max_risk of its rule, or lower the tool's risk")
    return fine("tools", f"{', '.join(gate.tools) or 'none'}")


def reckless(scene: Scene) -> Finding | None:
    """Warn of rules under which one careless approval does harm."""
    gate = scene.settings.gate
    for rule in gate.allow:
        if rule.max_risk == "critical" and "*" in rule.targets:
            found = f"a rule allows {rule.tool} critical risk on any target, once approved"
            return warning("reckless", found, "name its targets, or lower its max_risk")
    if gate.unseen_approvals:
        found = "clients may approve without saying what they had shown"
        return warning("reckless", found, "set gate.unseen_approvals = false once they are new")
    if gate.approval_lasts_secs > LONG_SECS:
        found = f"an approval stands for {gate.approval_lasts_secs // 86_400} days"
        return warning("reckless", found, "set gate.approval_lasts_secs to an hour or so")
    return None
