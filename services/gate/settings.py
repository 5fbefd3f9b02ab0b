"""Settings of the gate: which tools there are, where they act, what the policy allows."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.asking import REPLY

Risk = Literal["low", "medium", "high", "critical"]


class Rule(BaseModel):
    """One thing the policy allows; what no rule allows is denied."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: str
    """Tool it speaks of."""
    targets: tuple[str, ...] = ("*",)
    """Shell patterns, one of which the target must match: `*` any, else part by part."""
    max_risk: Risk = "low"
    """Highest assessed risk it allows."""
    needs_approval: bool = False
    """Whether a person must approve even below high risk, whatever other rules say."""


class Tool(BaseModel):
    """One tool personas may propose to use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actuator: Literal["file", "reply"] = "file"
    """What carries it out: `file` appends to a file, `reply` answers a question."""
    risk: Risk = "high"
    """Least risk of using it."""
    file: str | None = None
    """For the file actuator: the one file it appends to, whatever the target; null: the target."""
    does: str = ""
    """What it does, in words: what a model is told of it."""


class GateSettings(BaseModel):
    """What may be done, and where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = None
    """The only folder the file actuator writes in; null: `actions` under the home folder."""
    unseen_approvals: bool = False
    """Whether old clients may approve without saying what they had shown."""
    approval_lasts_secs: int = Field(default=3_600, ge=1)
    """How long an approval stands if it is not used."""
    tools: dict[str, Tool] = {
        "file.append": Tool(
            risk="high",
            does="Appends a line to the file that is the target: deny.list is what the firewall"
            " blocks, an address a line; arguments {line}.",
        ),
        "notify": Tool(
            risk="low",
            file="notifications.log",
            does="Tells the operator a line; the target says whom or what about; arguments {line}.",
        ),
        REPLY: Tool(actuator="reply", risk="low"),
    }
    """Tools there are."""
    allow: tuple[Rule, ...] = (
        Rule(tool="file.append", targets=("deny.list",), max_risk="high"),
        Rule(tool="notify", max_risk="low"),
        Rule(tool=REPLY, max_risk="low"),
    )
    """What the policy allows. Nothing else is."""

    @field_validator("tools")
    @classmethod
    def _replies_are_replies(cls, tools: dict[str, Tool]) -> dict[str, Tool]:
        """See that the tool that answers questions, and no other, has the actuator for it."""
        for name, tool in tools.items():
            if (name == REPLY) != (tool.actuator == "reply"):
                raise ValueError(f'{name}: the tool "{REPLY}", and no other, has actuator "reply"')
        return tools
