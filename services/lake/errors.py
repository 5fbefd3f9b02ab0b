"""What goes wrong with a lake.

LakeError
├── LakeHeld         another process writes to it
├── NoLake           there is none, or the folder holds something else
├── LakeDamaged      its manifest, or a file that this names, can't be read
├── LakeForeign      it holds the events of another store, or has other partitions
├── NothingPublished Kafka holds no event yet
├── NotWhatStopsIt   a position that is to be skipped, and is not one that stopped the lake
├── JobEnded         a process of the export ended before its time
└── QueryRefused     a query that is wrong, or is none
"""

from pathlib import Path
from typing import Final

BUILD_ANEW: Final = "`perpetua export --rebuild` builds the lake anew"


class LakeError(Exception):
    """One line: what is wrong and what to do."""

    code = "lake_error"

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}: {hint}")
        self.message = message
        self.hint = hint


class LakeHeld(LakeError):
    """One process at a time writes to a lake."""

    code = "lake_held"


class NoLake(LakeError):
    """The folder is no lake."""

    code = "no_lake"


class LakeDamaged(LakeError):
    """What is in the folder is not what was written."""

    code = "lake_damaged"


class LakeForeign(LakeError):
    """These events don't go with those that are in the lake."""

    code = "lake_foreign"


class NothingPublished(LakeError):
    """Nobody knows yet whose events Kafka will hold."""

    code = "nothing_published"


class NotWhatStopsIt(LakeError):
    """Only what stopped a lake may be passed over."""

    code = "not_what_stops_it"

    def __init__(self, folder: Path, position: int, stopped_at: list[int]) -> None:
        named = ", ".join(map(str, stopped_at))
        super().__init__(
            f"the lake at {folder} is not stopped at position {position}",
            f"it is stopped at {named}" if named else "nothing stops it",
        )


class JobEnded(LakeError):
    """What it had not handed over is made again by the next export."""

    code = "job_ended"


class QueryRefused(LakeError):
    """The query is not carried out."""

    code = "query_refused"
