"""`perpetua topics`: the catalogue of event classes, and their topics on Kafka."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.options import DatabaseUrl, Home, Json, Kafka, settings_of

if TYPE_CHECKING:
    from services.settings import Settings

Name = Annotated[str | None, typer.Argument(metavar="[TOPIC]", help="Only this one.")]
Create = Annotated[
    bool, typer.Option("--create", help="Make the topics missing on Kafka, and check them all.")
]
Check = Annotated[bool, typer.Option("--check", help="Check the topics on Kafka.")]
Verify = Annotated[
    bool,
    typer.Option("--verify", help="Compare all that is on Kafka with the store, to the byte."),
]


def topics(
    topic: Name = None,
    *,
    create: Create = False,
    check: Check = False,
    verify: Verify = False,
    as_json: Json = False,
    kafka: Kafka = None,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print every event class with its fields; or make, check or verify their topics on Kafka."""
    if create or check or verify:
        if topic is not None:
            raise Failure(
                f"leave {topic} out: --create, --check and --verify look after all topics"
            )
        _on_kafka(settings_of(home, database_url, kafka=kafka), create=create, verify=verify,
                  as_json=as_json)  # fmt: skip
        return
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


def _on_kafka(settings: "Settings", *, create: bool, verify: bool, as_json: bool) -> None:
    """Look after the topics; exit code 2 if something is wrong with them."""
    from dataclasses import asdict

    from services.bus import topics as bus_topics
    from services.bus.verify import verify as verified
    from services.cli.bus import bus_of, show, show_verified
    from services.cli.failures import BAD
    from services.cli.opening import opened

    with opened(settings) as app:
        bus = bus_of(app)
        admin = bus.admin()
        try:
            made = bus_topics.create(admin, app.partitions, settings.bus) if create else []
            findings = bus_topics.check(admin, app.partitions)
        finally:
            admin.close()
        fatal = any(each.fatal for each in findings)
        with screen.waiting("Comparing Kafka with the store"):
            every = verified(bus, app.recorder, app.partitions) if verify and not fatal else ()
            compared = list(every)
    if as_json:
        screen.print_json(
            {
                "made": made,
                "findings": [asdict(each) for each in findings],
                "verified": [asdict(each) for each in compared],
            }
        )
    else:
        if create:
            screen.show(screen.said(f"Made {screen.count(len(made), 'topic')}."))
        for finding in findings:
            show(finding)
        if not findings:
            screen.show("All topics are as they must be.")
        if compared:
            show_verified(compared)
    if fatal or any(each.fault for each in compared):
        raise typer.Exit(BAD)


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
