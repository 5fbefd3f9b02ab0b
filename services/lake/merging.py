"""Small files become one, and files of an older schema get the columns of today.

Tiers by size, each eight times the one below: a row is written anew at most once a tier, and a
data set has at most seven files a tier that are not full.
"""

from collections import defaultdict
from collections.abc import Sequence
from math import log2
from pathlib import Path

import pyarrow as pa

from services.lake import files
from services.lake.columns import fingerprint
from services.lake.manifest import DataFile
from services.lake.rows import renewed
from services.lake.sizes import FANOUT, Sizes


def due(topic: str, there: Sequence[DataFile], sizes: Sizes) -> Sequence[DataFile]:
    """Return the files of a data set that are to become one now; none if all are well."""
    ordered = sorted(there, key=lambda file: file.first)
    old = [file for file in ordered if file.fingerprint != fingerprint(topic)]
    if old:
        return _fitting(old, sizes)
    tiers: defaultdict[int, list[DataFile]] = defaultdict(list)
    for file in ordered:
        if file.plain_bytes <= sizes.file_bytes // 2:
            tiers[_tier(file, sizes)].append(file)
    for _, tier in sorted(tiers.items()):
        if len(tier) >= FANOUT:
            return _fitting(tier, sizes)
    return ()


def merge(folder: Path, topic: str, merged: Sequence[DataFile]) -> DataFile:
    """Write the rows of files into a new one; return what it is."""
    tables = [renewed(topic, files.read(folder, topic, file)) for file in merged]
    return files.write(folder, topic, pa.concat_tables(tables))


def _fitting(ordered: Sequence[DataFile], sizes: Sizes) -> Sequence[DataFile]:
    """Return as many as fit in one file, at least one."""
    total = 0
    for count, file in enumerate(ordered):
        total += file.plain_bytes
        if count and total > sizes.file_bytes:
            return ordered[:count]
    return ordered


def _tier(file: DataFile, sizes: Sizes) -> int:
    return int(log2(max(1, file.plain_bytes / sizes.smallest_bytes)) / log2(FANOUT))
