"""`perpetua lineage`: who came from whom, as a tree, as of now or of any moment."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.options import DatabaseUrl, Home, Json, settings_of
from services.cli.personas import PATH, Swarm, standing

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

    from services.cli.fabric import Fabric

Told = Mapping[str, Any]
Persona = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="Only this persona and its kin.")
]
Ancestors = Annotated[
    bool | None,
    typer.Option(
        "--ancestors/--descendants",
        help="Whom of its kin: whom it descends from, or who descends from it.",
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="WHEN", help="A position, or a time: 2026-08-01T12:00:00Z."),
]
DEEPEST: Final = 16
"""Generations that are drawn or indented; deeper ones are numbered, or no line would hold them."""


def lineage(
    persona_id: Persona = None,
    ancestors: Ancestors = None,
    as_of: AsOf = None,
    swarm: Swarm = None,
    as_json: Json = False,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show who came from whom, as a tree, with what is left to each in this minute."""
    settings = settings_of(home, database_url)
    asked = _moment(as_of)
    if ancestors is not None and persona_id is None:
        raise Failure("say whose: perpetua lineage ID --ancestors")
    if persona_id:
        asked["direction"] = "ancestors" if ancestors else "descendants"

    async def ask(fabric: "Fabric") -> tuple[Told, list[dict[str, Any]]]:
        if persona_id:
            asked["persona"] = await fabric.whole_id("persona", PATH, persona_id)
        told = await fabric.get("/v1/swarm/lineage", swarm=swarm, **asked)
        return told, [] if as_json else await fabric.pages(PATH)

    from services.cli.fabric import asked as answer_of

    told, people = answer_of(settings, ask)
    if as_json:
        screen.print_json(told)
        return
    nodes = {node["persona_id"]: node for node in told["nodes"]}
    known = {each["identity"]["id"]: each for each in people}
    lines = {each: _line(node, known.get(each)) for each, node in nodes.items()}
    walked = list(_walk(told["roots"], nodes))
    if not walked:
        screen.show("Nobody lives here.")
    elif screen.is_terminal() and max(depth for depth, _ in walked) <= DEEPEST:
        screen.show(_drawn(walked, lines))
    else:
        screen.show(*(_indented(depth, lines[each]) for depth, each in walked))


def _moment(as_of: str | None) -> dict[str, Any]:
    """Return the parameters that say as of when; what is left to each is known only of now."""
    if as_of is None:
        return {"credits": True}
    return {"as_of_position" if as_of.isdecimal() else "as_of_time": as_of}


def _walk(roots: Sequence[str], nodes: Mapping[str, Told]) -> Iterator[tuple[int, str]]:
    """Yield (depth below its root, id), parents before their children, however deep."""
    waiting = [(0, each) for each in reversed(roots)]
    while waiting:
        depth, each = waiting.pop()
        yield depth, each
        waiting += [(depth + 1, child) for child in reversed(nodes[each]["children"])]


def _drawn(walked: Sequence[tuple[int, str]], lines: Mapping[str, "Text"]) -> "Tree":
    """Return a tree with a branch for each of those walked."""
    from rich.tree import Tree

    tree = Tree(screen.said("fabric", "bold"))
    path = [tree]
    for depth, each in walked:
        del path[depth + 1 :]
        path.append(path[-1].add(lines[each]))
    return tree


def _indented(depth: int, line: "Text") -> "Text":
    if depth <= DEEPEST:
        return screen.said("  " * depth).append_text(line)
    return screen.said(f"{'  ' * DEEPEST}({depth:,} below) ").append_text(line)


def _line(node: Told, person: Told | None) -> "Text":
    """Say who somebody is, how it stands, and what is left to it."""
    ended = node["status"] == "reaped"
    parts = [f"{node['persona_id']}  {_who(node, person)}"]
    if "credits_left" in node and person:
        parts += [person["identity"]["role"], screen.count(person["thought_count"], "thought")]
    if left := node.get("credits_left"):
        spawns = screen.count(left["spawns"], "spawn")
        parts.append(f"{left['tokens']:,} tokens, {left['cpu_ms']:,} ms and {spawns} left")
    return screen.said(", ".join(parts), "dim" if ended else "")


def _who(node: Told, person: Told | None) -> str:
    """Return name and standing: in words where they are those of now, else as it stood then."""
    if person is None:
        return str(node["status"])
    is_now = "credits_left" in node or node["status"] == "reaped"
    return f"{person['identity']['name']}, {standing(person) if is_now else node['status']}"
