"""`perpetua sql`: ask the Parquet lake, by DuckDB in memory, that reads it and nothing else."""

import csv
import json
import sys
from datetime import datetime
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli import screen
from services.cli.failures import Failure
from services.cli.options import Home, Json, settings_of

Query = Annotated[
    str, typer.Argument(metavar="QUERY", help="One `select`; `-` reads it from standard input.")
]
Of = Annotated[
    Path | None,
    typer.Option("--lake", metavar="FOLDER", help="Folder of the lake [PERPETUA_LAKE]."),
]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV, with a line of names.")]


def sql(
    query: Query,
    *,
    lake: Of = None,
    as_json: Json = False,
    as_csv: Csv = False,
    home: Home = None,
) -> None:
    """Ask the lake: one table an event class, named like its topic with `_` for the dot."""
    if as_json and as_csv:
        raise Failure("--json and --csv exclude each other; give one of them")
    settings = settings_of(home, lake=lake)
    from services.lake.asking import ask, connected

    asked = sys.stdin.read() if query == "-" else query
    with connected(settings.lake_folder) as connection:
        answer = ask(connection, asked)
    if as_json:
        screen.print_json([_object(answer.columns, row) for row in answer.rows])
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows([_text(value, none="") for value in row] for row in answer.rows)
    else:
        table = screen.table(*map(screen.visible, answer.columns))
        for row in answer.rows:
            table.add_row(*(screen.said(_text(value, none="-")) for value in row))
        screen.show(table)


def _object(columns: tuple[str, ...], row: tuple[Any, ...]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in zip(columns, row, strict=True)}


def _text(value: Any, *, none: str) -> str:
    """Write a value as people read it; what is nested as JSON."""
    plain = _plain(value)
    if plain is None:
        return none
    if isinstance(plain, str):
        return plain
    return json.dumps(plain, ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: times as RFC 3339, null for no number."""
    match value:
        case Decimal() | float():
            return _number(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case bytes():
            return value.hex()
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value


def _number(value: Decimal | float) -> int | float | None:
    """Return a number as JSON has it; Arrow has integers of more than 64 bits as decimals."""
    if not isfinite(value):
        return None
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return float(value)
