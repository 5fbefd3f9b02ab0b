"""`perpetua topics`: the catalogue of event classes, from its public contract."""

import json
from typing import Annotated, Any

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.options import Json

Name = Annotated[str | None, typer.Argument(metavar="[TOPIC]", help="Only this one.")]


def topics(topic: Name = None, as_json: Json = False) -> None:
    """Print every event class with its fields."""
    told = [_told(name, model.__name__) for name, model in _classes(topic).items()]
    if as_json:
        screen.print_json(told)
        return
    for each in told:
        heading = screen.said(each["topic"], "bold").append(f"  {each['class']}", "dim")
        screen.show(heading.append(f"  {each['doc']}", "default"))
        fields = screen.table("", "", "", "")
        fields.show_header = False
        for field in each["fields"]:
            fields.add_row(" ", field["name"], screen.said(field["type"], "cyan"), field["doc"])
        screen.show(fields)
        screen.show("")


def _classes(topic: str | None) -> dict[str, Any]:
    from domain.events import EVENT_CLASSES

    if topic is None:
        return dict(EVENT_CLASSES)
    if topic not in EVENT_CLASSES:
        raise Failure(f"there is no topic {topic}; `perpetua topics` lists them")
    return {topic: EVENT_CLASSES[topic]}


def _told(topic: str, name: str) -> dict[str, Any]:
    from services.schemas import FOLDER

    schema = json.loads((FOLDER / f"{topic}.avsc").read_text(encoding="utf-8"))
    return {
        "topic": topic,
        "class": name,
        "doc": schema["doc"],
        "fields": [
            {"name": field["name"], "type": _type(field["type"]), "doc": field["doc"]}
            for field in schema["fields"]
        ],
    }


def _type(avro: Any) -> str:
    """Write an Avro type as people read it: `string`, `string?`, `[Grant]`, `timestamp-micros`."""
    if isinstance(avro, list):
        return f"{_type(next(each for each in avro if each != 'null'))}?"
    if not isinstance(avro, dict):
        return str(avro)
    if avro["type"] == "array":
        return f"[{_type(avro['items'])}]"
    if avro["type"] == "record":
        return str(avro["name"])
    return str(avro.get("logicalType", avro["type"]))
