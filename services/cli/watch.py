"""`perpetua watch`: the live picture of a running `up`, from another terminal."""

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli import screen
from services.cli.options import Home, Json, settings_of

if TYPE_CHECKING:
    from services.cli.picture.parts import Place
    from services.picture.picture import Picture

Once = Annotated[bool, typer.Option("--once", help="Print one picture, and end.")]
PATH = "/v1/picture"
PRINTED_WIDTH = 120
"""Columns where there is no terminal, and nobody says how many."""


def watch(once: Once = False, as_json: Json = False, home: Home = None) -> None:
    """Show what the running `perpetua up` shows: who thinks, what waits, what comes in."""
    settings = settings_of(home)
    from services.cli.fabric import Running

    with Running(settings) as fabric:
        told = fabric.get(PATH)
        if as_json:
            screen.print_json(told)
            return
        from services.cli.picture import live
        from services.cli.picture.place import place_of

        place = place_of(settings, fabric.url, str(home) if home else None)
        if once or not live.can_show():
            _print(_picture(told), place)
            return
        with (
            suppress(KeyboardInterrupt),
            live.shown(lambda: _picture(fabric.get(PATH)), place),
        ):
            threading.Event().wait()


def _print(picture: "Picture", place: "Place") -> None:
    from services.cli.picture.columns import ASCII, UNICODE
    from services.cli.picture.drawn import drawn

    out = screen.console()
    width = out.width if out.width < screen.WIDE else PRINTED_WIDTH
    glyphs = ASCII if out.options.ascii_only else UNICODE
    screen.show(*drawn(picture, place, width=width, glyphs=glyphs))


def _picture(told: Any) -> "Picture":
    from pydantic import TypeAdapter

    from services.picture.picture import Picture

    return TypeAdapter(Picture).validate_python(told)
