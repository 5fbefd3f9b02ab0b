"""`perpetua up`: serve and think until stopped."""

import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli import screen
from services.cli.interrupts import interrupts
from services.cli.options import DatabaseUrl, Home, again, settings_of

if TYPE_CHECKING:
    from services.app import App
    from services.settings import Settings

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE|-]...", help="Text to follow as it grows; - for standard input."),
]
Host = Annotated[str | None, typer.Option("--host", help="Address to serve on [PERPETUA_HOST].")]
Port = Annotated[
    str | None,
    typer.Option("--port", help="Port to serve on, 0 for any free one [PERPETUA_PORT]."),
]


def up(
    files: Files = None,
    host: Host = None,
    port: Port = None,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Serve and think until stopped; follow files, and standard input."""
    settings = settings_of(home, database_url, host=host, port=port)
    from services.cli.instance import Instance, refuse_a_second
    from services.cli.logs import log_to_file
    from services.cli.port import listen, url_of
    from services.inputs.files import open_inputs
    from services.store.server_files import make_home

    with ExitStack() as stack:
        inputs = stack.enter_context(open_inputs(files or []))
        refuse_a_second(settings.home)
        listening = stack.enter_context(listen(settings.host, settings.port))
        make_home(settings.home)
        instance = stack.enter_context(Instance(settings.home))
        log_to_file(settings.home)

        from services.cli.announce import Announcer
        from services.cli.opening import opened
        from services.cli.serve import Serving
        from services.tokens import OPERATOR_FILE

        stack.enter_context(suppress(KeyboardInterrupt))
        is_new = not settings.token and not (settings.home / OPERATOR_FILE).exists()
        app = stack.enter_context(opened(settings))
        named = str(home) if home else None
        url = url_of(listening)
        instance.publish(url)
        _welcome(app, url, named, is_new=is_new)

        async def serve() -> None:
            await Serving(app, listening, _say).run(inputs, Announcer(app, named).run)

        interrupts.run(serve())
    screen.show("Ended in good order.")


def _welcome(app: "App", url: str, home: str | None, *, is_new: bool) -> None:
    """Tell where to look, and how to approve."""
    rows = [
        ("serving", f"{url}  (API described at {url}/docs)"),
        ("token", _token(app.settings, app.tokens.operator, is_new=is_new)),
        ("home", str(app.settings.home)),
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
