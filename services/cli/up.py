"""`perpetua up`: serve and think until stopped."""

import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.interrupts import interrupts
from services.cli.options import DatabaseUrl, Format, Home, InputFormat, again, settings_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from services.app import App
    from services.inputs.files import Input
    from services.inputs.topics.named import NamedTopic
    from services.settings import Settings

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE|-",
        help="Text to follow through rotation; gzip is unzipped; - for standard input.",
    ),
]
FromKafka = Annotated[
    list[str] | None,
    typer.Option(
        "--from-kafka",
        metavar="TOPIC[@latest]",
        help="Kafka topic to read as lines, from its first record or from now on; may be repeated.",
    ),
]
Host = Annotated[str | None, typer.Option("--host", help="Address to serve on [PERPETUA_HOST].")]
Port = Annotated[
    str | None,
    typer.Option("--port", help="Port to serve on, 0 for any free one [PERPETUA_PORT]."),
]

Plain = Annotated[
    bool, typer.Option("--plain", help="A line for what matters instead of the live picture.")
]


def up(
    files: Files = None,
    kind: Format = InputFormat.AUTO,
    *,
    from_kafka: FromKafka = None,
    host: Host = None,
    port: Port = None,
    plain: Plain = False,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Serve and think until stopped; follow files, standard input and Kafka topics."""
    settings = settings_of(home, database_url, host=host, port=port)
    from services.cli.instance import Instance, refuse_a_second
    from services.cli.logs import log_to_file
    from services.cli.port import listen, url_of
    from services.inputs.files import open_inputs
    from services.store.server_files import make_home

    with ExitStack() as stack:
        inputs = stack.enter_context(open_inputs(files or [], kind.value))
        topics = _topics(settings, from_kafka or [])
        refuse_a_second(settings.home)
        listening = stack.enter_context(listen(settings.host, settings.port))
        make_home(settings.home)
        instance = stack.enter_context(Instance(settings.home))
        log_to_file(settings.home)

        from services.cli.opening import opened
        from services.tokens import OPERATOR_FILE

        stack.enter_context(suppress(KeyboardInterrupt))
        is_new = not settings.token and not (settings.home / OPERATOR_FILE).exists()
        app = stack.enter_context(opened(settings))
        named = str(home) if home else None
        url = url_of(listening)
        instance.publish(url)
        _welcome(app, url, named, is_new=is_new)

        reads_keys = "-" in (files or []) and sys.stdin.isatty()
        _serve(app, listening, inputs, topics, url, named, plain=plain or reads_keys)
    screen.show("Ended in good order.")


def _serve(
    app: "App",
    listening: "socket.socket",
    inputs: "Sequence[Input]",
    topics: "Sequence[NamedTopic]",
    url: str,
    home: str | None,
    *,
    plain: bool,
) -> None:
    """Serve until a signal comes; show it as a picture where there is a terminal for it."""
    from services.cli.announce import Announcer, print_line
    from services.cli.picture import live
    from services.cli.serve import Serving

    def serve(say: "Callable[[str], None]", announcer: Announcer) -> None:
        interrupts.run(Serving(app, listening, say, topics).run(inputs, announcer.run))

    if plain or not live.can_show():
        serve(_say, Announcer(app, home, print_line))
        return
    from projections.privacy import EVERYTHING
    from services.cli.picture.parts import short
    from services.cli.picture.place import place_of
    from services.picture.taken import taken

    place = place_of(app.settings, url, home)
    with live.shown(lambda: taken(app, EVERYTHING), place) as words:
        serve(words.say, Announcer(app, home, words.note, short))


def _topics(settings: "Settings", names: list[str]) -> "Sequence[NamedTopic]":
    """Return the topics to read from, checked as far as Kafka answers.

    Raises:
        Failure: no Kafka is set.
        UnreadableInput: one can't be read.
    """
    if not names:
        return ()
    from services.bus.connect import client
    from services.cli.bus import NONE_SET
    from services.inputs.topics.named import named, refuse_missing

    topics = named(names)
    if not settings.kafka:
        raise Failure(NONE_SET)
    refuse_missing(client(settings.kafka, settings.bus), topics, settings.kafka)
    return topics


def _welcome(app: "App", url: str, home: str | None, *, is_new: bool) -> None:
    """Tell where to look, and how to approve."""
    rows = [
        ("serving", f"{url}  (API described at {url}/docs)"),
        ("token", _token(app.settings, app.tokens.operator, is_new=is_new)),
        ("home", str(app.settings.home)),
        *([("kafka", f"{app.settings.kafka}, all events are published there")] if app.bus else []),
        ("look", again("status", home=home) + ", proposals, personas, lineage"),
        ("decide", again("approve", "ID", home=home) + " shows a proposal, then asks"),
        ("end", "Ctrl-C"),
    ]
    for word, line in rows:
        screen.show(screen.said(f"{word:<8}  ", "bold").append_text(screen.said(line)))
    app.views.catch_up()
    waiting = len(app.views.proposals(status="waiting", limit=1_000))
    if waiting:
        what = "1 proposal waits" if waiting == 1 else f"{waiting} proposals wait"
        _say(f"{what} for a person: {again('proposals', home=home)}")
    sys.stdout.flush()


def _token(settings: "Settings", token: str, *, is_new: bool) -> str:
    """Tell where the token is, and once, when it was made, what it is."""
    from services.tokens import OPERATOR_FILE

    if settings.token:
        return "the one that was set"
    where = f"in {settings.home / OPERATOR_FILE}"
    return f"{token}  (kept {where})" if is_new else where


def _say(sentence: str) -> None:
    screen.show(screen.said(sentence))
