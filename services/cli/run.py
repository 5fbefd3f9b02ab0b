"""`perpetua run`: digest files to the end, and tell what came of it."""

import logging
import time
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.interrupts import interrupts
from services.cli.options import DatabaseUrl, Format, Home, InputFormat, Json, settings_of

if TYPE_CHECKING:
    from services.inputs.files import Input
    from services.report import Report
    from services.settings import Settings

logger = logging.getLogger(__name__)

Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE|-", help="Text to read, plain or gzip; - for standard input."),
]


def run(
    files: Files,
    kind: Format = InputFormat.AUTO,
    as_json: Json = False,
    home: Home = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Digest files to the end, print the report."""
    began = time.monotonic()
    settings = settings_of(home, database_url)
    from services.cli.logs import log_lines
    from services.inputs.files import open_inputs

    log_lines()
    with open_inputs(files, kind.value) as inputs:
        shown = [each.shown for each in inputs]
        report, broken = _digest(settings, inputs, began)
    if as_json:
        screen.print_json(report.as_json())
    else:
        from services.cli.report import print_report

        print_report(report, shown, str(home) if home else None)
    if broken:
        raise Failure("; ".join(broken))


def _digest(
    settings: "Settings", inputs: "list[Input]", began: float
) -> "tuple[Report, list[str]]":
    """Digest inputs; return the report, and what of them was broken."""
    from services.cli.digest import Digest
    from services.cli.opening import opened
    from services.cli.progress import watched
    from services.report import report_on

    with opened(settings) as app, watched(app, inputs) as progress:
        digest = Digest(app, inputs, progress)
        interrupts.run(digest.run())
        if digest.starved:
            logger.warning(
                "%s did not finish: its next step needs more than its budget, of a minute or for"
                " life, holds; raise the limits of the swarm and of the fabric in perpetua.toml",
                screen.visible(digest.starved),
            )
        elapsed_ms = int((time.monotonic() - began) * 1000)
        return report_on(app.views, settings, digest.swarm_id, elapsed_ms), digest.broken
