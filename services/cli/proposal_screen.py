"""A proposal on the screen: exactly what is proposed, on what it rests, how it stands."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from services.cli.screen import risk, said, table, when

LONGEST: Final = 300
"""Most characters of an event's text in a chain."""
TEXTS: Final = (
    "content", "claim", "title", "stage", "outcome", "excerpt", "kind", "decision", "reasons",
    "assessed_risk", "reason", "summary",
)  # fmt: skip
"""Fields that tell most of an event, in this order; the first two it has are shown."""


def whole(told: Mapping[str, Any]) -> Group:
    """Show all that a person must see before deciding; nothing in it can hide (see `visible`)."""
    action, rows = told["action"], table("", "")
    rows.show_header = False
    for word, line in (
        ("proposal", said(told["id"])),
        ("status", said(standing(told))),
        ("risk", _risk(told)),
        ("by", said(f"{told['persona_id']} of {told['swarm_id']}, {when(told['created_at'])}")),
        ("do", said(f"{action['tool']} on {action['target']}" if action else "nothing", "bold")),
        ("with", said(json.dumps(action["arguments"], ensure_ascii=False) if action else "-")),
        ("because", said(told["rationale"])),
    ):
        rows.add_row(Text(word, style="dim"), line)
    found = [_finding(each) for each in told["findings"]]
    return Group(said(told["title"], "bold"), rows, *found, Text(""), *_evidence(told), Text(""))


def standing(told: Mapping[str, Any]) -> str:
    """Say how far the gate has come with a proposal."""
    stage, reasons = told["stage"], "; ".join(told["reasons"])
    if stage == "waiting":
        return "waiting for a person's approval"
    if stage == "rejected":
        return f"rejected ({told['reject_stage']}): {reasons}"
    if stage == "unclear":
        return "unclear: it may have run; look at its target"
    if stage == "executed":
        who = f", approved by {told['approved_by']}" if told["approved_by"] else ""
        return f"executed: {told['outcome']}{who}"
    return str(stage)


def chain(events: Sequence[Mapping[str, Any]]) -> Group:
    """Show the events that led to a proposal and followed from it, in order."""
    shown = table("POSITION", "WHEN", "WHAT", "BY", "", right=("POSITION",))
    for each in events:
        shown.add_row(
            str(each["position"]),
            when(each["timestamp"]),
            said(each["topic"], "bold"),
            said(each["actor"]),
            said(_text(each["body"])),
        )
    return Group(shown)


def _risk(told: Mapping[str, Any]) -> Text:
    shown = risk(told["risk"])
    if told["author_risk"] != told["risk"]:
        shown.append_text(said(f" (its author says {told['author_risk']})"))
    return shown


def _finding(told: Mapping[str, Any]) -> Padding:
    mark = "verified" if told["passed"] else "FAILED"
    style = "green" if told["passed"] else "bold red"
    line = said(mark, style).append_text(said(f"  {told['rule']}: {told['reason']}", "default"))
    return Padding(line, (0, 0, 0, 0))


def _evidence(told: Mapping[str, Any]) -> Iterator[RenderableType]:
    for cited in told["evidence"]:
        heading = f"{cited['what'] or 'evidence'} at {cited['ref']}"
        yield said(heading if not cited["fault"] else f"{heading}: {cited['fault']}", "dim")
        for line in cited["lines"]:
            text = Text(f"{line['number']:>6} ", style="dim")
            yield text.append_text(said(line["text"], "default"))
        if cited["left_out"]:
            yield Text(f"       and {cited['left_out']:,} lines more", style="dim")
    if told["evidence_left_out"]:
        yield Text(f"and {told['evidence_left_out']:,} references more", style="dim")


def _text(body: Mapping[str, Any]) -> str:
    told = [body[name] for name in TEXTS if body.get(name)]
    parts = ("; ".join(each) if isinstance(each, list) else str(each) for each in told[:2])
    text = ": ".join(parts)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
