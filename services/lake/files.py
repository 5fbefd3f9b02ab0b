"""Parquet files that are whole and on the disk when their writing has returned."""

import re
from pathlib import Path
from secrets import token_hex
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.lake.columns import fingerprint
from services.lake.disk import make_folder, sync, written
from services.lake.errors import BUILD_ANEW, LakeDamaged
from services.lake.manifest import DataFile

NAME: Final = re.compile(r"\d{12,}-\d{12,}-[0-9a-f]{16}\.parquet")
"""Lowest and highest position of the rows, and a word that no other file of the lake has."""


def write(folder: Path, topic: str, table: pa.Table) -> DataFile:
    """Write a new file into a data set, its rows in order of their positions; return what it is."""
    ordered = table if _is_ordered(table["position"]) else table.sort_by("position")
    first, last = ordered["position"][0].as_py(), ordered["position"][-1].as_py()
    data_set = folder / topic
    make_folder(data_set)
    path = data_set / f"{first:012}-{last:012}-{token_hex(8)}.parquet"
    with written(path) as file:
        pq.write_table(ordered, file, compression="zstd")
    sync(data_set)
    return DataFile(
        name=path.name,
        rows=ordered.num_rows,
        first=first,
        last=last,
        bytes=path.stat().st_size,
        plain_bytes=ordered.nbytes,
        fingerprint=fingerprint(topic),
    )


def _is_ordered(positions: pa.ChunkedArray) -> bool:
    """Tell whether sorting, which copies everything, can be spared: it can for most files."""
    return bool(pc.all(pc.less(positions[:-1], positions[1:]), min_count=0).as_py())


def read(folder: Path, topic: str, file: DataFile) -> pa.Table:
    """Return the rows of a file, in the columns it was written with.

    Raises:
        LakeDamaged: it is not what was written.
    """
    path = folder / topic / file.name
    try:
        with pq.ParquetFile(path) as opened:
            return opened.read(use_threads=False)
    except (FileNotFoundError, pa.ArrowInvalid) as wrong:
        raise LakeDamaged(f"{path} is gone or torn", BUILD_ANEW) from wrong
