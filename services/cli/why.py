"""`perpetua why`: what led to a proposal, or what a thought was shown."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from services.cli import screen
from services.cli.options import DatabaseUrl, Home, Json, settings_of

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from services.cli.fabric import Fabric

Id = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="A proposal's id, or enough of either end of it; with --persona a thought's id or"
        " position.",
    ),
]
Persona = Annotated[
    str | None,
    typer.Option("--persona", metavar="ID", help="Whose thought to show, or enough of its id."),
]


def why(
    what: Id,
    persona: Persona = None,
    as_json: Json = False,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show what led to a proposal and became of it, or exactly what a thought was shown."""
    from services.cli.fabric import asked
    from services.cli.proposal_screen import chain, whole

    async def ask(fabric: "Fabric") -> dict[str, Any]:
        asked_for = _thought(fabric, persona, what) if persona else _proposal(fabric, what)
        told: dict[str, Any] = await fabric.get(await asked_for)
        return told

    told = asked(settings_of(home, database_url), ask)
    if as_json:
        screen.print_json(told)
    elif persona:
        screen.show(_shown(told))
    else:
        screen.show(whole(told["proposal"]))
        screen.show(chain(told["events"]))


async def _thought(fabric: "Fabric", part: str, thought: str) -> str:
    from services.cli.personas import PATH

    persona_id = quote(await fabric.whole_id("persona", PATH, part), safe="")
    return f"{PATH}/{persona_id}/thoughts/{quote(thought, safe='')}"


async def _proposal(fabric: "Fabric", part: str) -> str:
    from services.cli.proposals import PATH

    return f"{PATH}/{quote(await fabric.whole_id('proposal', PATH, part), safe='')}/why"


def _shown(told: Mapping[str, Any]) -> "Group":
    from rich.console import Group
    from rich.text import Text

    usage, rows = told["usage"], screen.table("", "")
    rows.show_header = False
    by = " ".join(filter(None, (told["source"], told["model"])))
    for word, line in (
        ("thought", f"{told['id']} at {told['position']}"),
        ("by", f"{told['persona_id']} of {told['swarm_id']}, {screen.when(told['timestamp'])}"),
        ("step", f"{told['phase']}, by {by}, in {told['latency_ms']:,} ms"),
        ("cost", f"{usage['prompt_tokens'] + usage['completion_tokens']:,} tokens,"
                 f" {usage['cpu_ms']:,} ms"),
        ("because of", told["causation_id"] or "-"),
        ("it thought", told["error"] or told["content"]),
    ):  # fmt: skip
        rows.add_row(Text(word, style="dim"), screen.said(line))
    heading = "It was shown:" if told["context"] else "It was shown nothing from memory."
    return Group(rows, Text(""), Text(heading, style="bold"), *_memories(told["context"]))


def _memories(context: list[Mapping[str, Any]]) -> "Iterator[RenderableType]":
    from rich.text import Text

    for each in context:
        score = f", match {each['score']:.2f}" if each["score"] is not None else ""
        what = each["what"] or "nothing that is kept, or that is for you to see"
        yield screen.said(f"[{each['tier']} {each['ref']}] {what}{score}", "dim")
        for line in each["lines"]:
            yield screen.said(f"  {line['text']}", "default")
        if each["left_out"]:
            yield Text(f"  and {each['left_out']:,} lines more", style="dim")
