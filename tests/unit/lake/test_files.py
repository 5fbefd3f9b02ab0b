"""Parquet files: their rows are in order, however they came."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from services.lake import files
from services.lake.rows import batch
from tests.unit.lake.making import a_row


@pytest.mark.parametrize("parts", [[[1, 2], [3, 4]], [[3, 4], [1, 2]], [[2, 1], [3, 4]], [[7]]])
def test_rows_are_in_order_of_their_positions(tmp_path: Path, parts: Sequence[list[int]]) -> None:
    table = pa.Table.from_batches(
        [batch("vote.cast", [a_row(position) for position in part]) for part in parts]
    )
    written = files.write(tmp_path, "vote.cast", table)
    found = files.read(tmp_path, "vote.cast", written)["position"].to_pylist()
    assert found == sorted(position for part in parts for position in part)
    assert (written.first, written.last) == (found[0], found[-1])
