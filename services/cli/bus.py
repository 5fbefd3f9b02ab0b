"""What the commands that use Kafka share."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.cli import screen
from services.cli.failures import Failure

if TYPE_CHECKING:
    from services.app import App
    from services.bus.client import Client
    from services.bus.relay import Relay
    from services.bus.topics import Finding
    from services.bus.verify import Verified

NONE_SET = "no Kafka is set: set PERPETUA_KAFKA=HOST:PORT; `perpetua kafka` runs one"


def bus_of(app: "App") -> "Client":
    """Return what speaks to Kafka.

    Raises:
        Failure: none is set.
    """
    if app.bus is None:
        raise Failure(NONE_SET)
    return app.bus


def relay_of(app: "App") -> "Relay":
    """Return what publishes a store.

    Raises:
        Failure: no Kafka is set.
    """
    made = app.relay()
    if made is None:
        raise Failure(NONE_SET)
    return made


def topics_of_commands_made(app: "App") -> None:
    """See that the topics of commands will do, made if missing and the settings allow it.

    Raises:
        TopicsUnfit: they won't; says what to do.
        BusUnavailable: Kafka is out of reach.
    """
    from services.bus.topics import of_commands, ready

    admin, ours = bus_of(app).admin(), of_commands(app.partitions)
    try:
        for finding in ready(admin, ours, ours, app.settings.bus):
            show(finding)
    finally:
        admin.close()


def show(finding: "Finding") -> None:
    """Print what is to be known of a topic."""
    word, style = ("WRONG", "bold red") if finding.fatal else ("note ", "yellow")
    line = screen.said(word, style).append_text(
        screen.said(f"  {finding.topic} {finding.message}; {finding.fix}", "default")
    )
    screen.show(line)


def show_verified(partitions: "Sequence[Verified]") -> None:
    """Print how what is on Kafka compares with the store."""
    for each in partitions:
        if each.fault:
            screen.show(screen.said(f"WRONG  partition {each.partition}: {each.fault}", "bold red"))
    equal = sum(each.equal for each in partitions)
    unpublished = sum(each.unpublished for each in partitions)
    screen.show(
        screen.said(
            f"{screen.count(equal, 'event')} on Kafka as in the store"
            f" ({len(partitions)} partitions), {unpublished:,} not there yet."
        )
    )
