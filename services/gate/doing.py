"""An action with what carries it out, and how to learn how it ended."""

from dataclasses import dataclass
from typing import Any

from domain.aggregates import Proposal
from domain.canonical import canonical
from domain.events.gate import Action
from domain.ports import Acted, Actuator
from services.gate.actuators import Actuators
from services.gate.verifier import arguments_of


@dataclass(frozen=True, slots=True)
class Doing:
    """One action, ready to be carried out."""

    proposal: Proposal
    action: Action
    arguments: dict[str, Any]
    actuator: Actuator | None
    """None if the settings do not have the tool any more."""

    @property
    def ran(self) -> dict[str, Any]:
        """What the actuator is given, in the form in which proposals are shown.

        It is made of what is given, not of what was shown: should these ever differ, so do their
        hashes, and nothing runs.
        """
        given = {
            "tool": self.action.tool,
            "target": self.action.target,
            "arguments": canonical(self.arguments),
        }
        return {**self.proposal.shown, "action": given}

    def do(self, key: str) -> Acted:
        """Carry it out; unknown if it breaks off."""
        if self.actuator is None:
            return _unknown(f"there is no tool {self.action.tool} any more")
        try:
            return self.actuator.act(self.action.target, self.arguments, key)
        except Exception as error:  # whatever it was, the action may have happened
            return _unknown(f"{type(error).__name__}: {error}")

    def do_again(self, key: str) -> Acted:
        """Carry it out with the key it had, unless it was done; unknown if nobody can tell."""
        if self.actuator is None:
            return _unknown(f"there is no tool {self.action.tool} any more")
        try:
            done = self.actuator.was_done(self.action.target, key)
        except Exception as error:  # without an answer it must not be done again
            return _unknown(f"{type(error).__name__}: {error}")
        return done or self.do(key)


def doing(proposal: Proposal, actuators: Actuators) -> Doing | None:
    """Return the action of a proposal, ready to be carried out; None if it has none."""
    action = proposal.content.action
    if action is None:
        return None
    return Doing(proposal, action, arguments_of(action) or {}, actuators.get(action.tool))


def _unknown(why: str) -> Acted:
    return Acted("unknown", {"error": why})
