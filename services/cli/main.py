"""The command `perpetua`: the table of contents of the command line."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli import (
    ask,
    blackboard,
    doctor,
    export,
    failures,
    ingest,
    kafka,
    lineage,
    memory,
    personas,
    project,
    proposals,
    rebuild,
    reconcile,
    relay,
    run,
    sql,
    status,
    topics,
    up,
    watch,
    why,
)
from services.cli.interrupts import interrupts

PACKAGE = "perpetua"

app = typer.Typer(
    name=PACKAGE,
    help="A persistent cognition fabric: personas that think all the time, remember, spawn within"
    " hard limits, and act only through a gate.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    up.up, watch.watch, run.run, status.status, personas.personas, lineage.lineage,
    proposals.proposals, proposals.proposal, proposals.approve, proposals.reject, why.why,
    personas.reap, personas.pause, personas.resume, personas.token, topics.topics, doctor.doctor,
    ask.ask, reconcile.reconcile, relay.relay, ingest.ingest, project.project, rebuild.rebuild,
    export.export, sql.sql, kafka.kafka, blackboard.blackboard, blackboard.beliefs,
    blackboard.attention,
):  # fmt: skip
    app.command(short_help=(command.__doc__ or "").partition("\n\n")[0])(command)
app.add_typer(memory.memory, name="memory")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"{PACKAGE} {version(PACKAGE)}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def perpetua(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Print the help if no command is named."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> int:
    """Run the command; return its exit code. Every failure is one line on standard error."""
    _open_closed_streams()
    interrupts.listen()
    try:
        code = _run()
        sys.stdout.flush()
    except BrokenPipeError:
        # what is still buffered would be flushed at exit, and complained about
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return failures.BROKEN_PIPE
    return code


def _open_closed_streams() -> None:
    """Have standard streams that were closed by who started us lead nowhere.

    Else what is opened next, a log or the store's socket, takes their numbers and what is printed.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  for good


def _run() -> int:
    try:
        code = app(prog_name=PACKAGE, standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        code = failures.INTERRUPTED
    except typer.TyperException as wrong:
        context = getattr(wrong, "ctx", None)
        where = context.command_path if context else PACKAGE
        return failures.tell(failures.Failure(f"{wrong.format_message()} See `{where} --help`."))
    except SystemExit:  # so typer ends when nobody reads what it prints
        raise BrokenPipeError from None
    except BrokenPipeError:
        raise
    except Exception as wrong:
        return failures.tell(wrong)
    if code == failures.INTERRUPTED:
        print("perpetua: interrupted", file=sys.stderr)  # noqa: T201  a line for people
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
