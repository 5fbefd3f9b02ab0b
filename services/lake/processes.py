"""Exports into a lake, in this process or in several, of which one takes in what they make."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Final, TypeAlias

from domain.ports import Checkpoint
from services.lake.errors import JobEnded
from services.lake.lake import Lake
from services.lake.manifest import Manifest
from services.lake.sink import Batch
from services.lake.sources import Share
from services.lake.tidy import TidyLake
from services.lake.work import Stopped, Work, export_share
from services.processes import without_interrupts

LOOK_SECS: Final = 0.2
END_SECS: Final = 5.0
"""How long a process may take to end."""

Pipe: TypeAlias = "Connection[Any, Any]"


def export(
    lake: Lake,
    work: Work,
    stopped: Stopped,
    moved: Callable[[Manifest], None] = lambda _: None,
    jobs: int = 1,
) -> None:
    """Bring a lake to the goal and, if so wanted, on from there until stopped.

    One that is rebuilt takes its place when it is there, unless it stops sooner.

    Args:
        lake: where the events go.
        work: what is to be exported.
        stopped: tells that it is to end; what is not handed over then is left to the next export.
        moved: is told of every step.
        jobs: how many other processes do the work; one does it itself.

    Raises:
        StoreUnavailable, BusError: the source is away.
        JobEnded: one of several processes ended before its time.
        OSError: a file can't be written.
    """
    tidy = TidyLake(lake, work, stopped, moved)
    if tidy.is_done:
        return
    if jobs == 1:
        export_share(lake.folder, tidy, work, Share(), lambda: tidy.is_done)
        return
    with _processes(jobs, tidy, lake.folder, work) as pipes:
        while not tidy.is_done:
            for pipe in wait(pipes, LOOK_SECS):
                assert isinstance(pipe, Connection)  # noqa: S101  they all are
                _answer(tidy, pipe)


def _answer(tidy: TidyLake, pipe: Pipe) -> None:
    try:
        asked = pipe.recv()
        match asked:
            case Batch():
                pipe.send(tidy.commit(asked))
            case list():
                pipe.send(tidy.checkpoints(asked))
            case _:
                raise JobEnded(f"a process of the export ended ({asked})", "export again")
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise JobEnded("a process of the export was killed", "export again") from None


@contextmanager
def _processes(jobs: int, tidy: TidyLake, folder: Path, work: Work) -> Iterator[list[Pipe]]:
    """Run them for as long as the block lasts; give what they ask over."""
    context = get_context("spawn")
    stop = context.Event()
    pipes, processes = [], []
    try:
        for job in range(jobs):
            ours, theirs = context.Pipe()
            given = (_Elsewhere(theirs, tidy.skipped), stop, folder, work, Share(job, jobs))
            process = context.Process(target=_run, args=given, name=f"perpetua-export-{job}")
            with without_interrupts():
                process.start()
            theirs.close()
            pipes.append(ours)
            processes.append(process)
        yield pipes
    finally:
        stop.set()
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.join(END_SECS)
            if process.is_alive():
                process.kill()
                process.join()


class _Elsewhere:
    """The `Sink` of another process: asks the one that holds the lake over a pipe."""

    def __init__(self, pipe: Pipe, skipped: frozenset[int]) -> None:
        self._pipe = pipe
        self._skipped = skipped

    @property
    def skipped(self) -> frozenset[int]:
        return self._skipped

    def checkpoints(self, partitions: Collection[int]) -> Mapping[int, Checkpoint]:
        self._pipe.send(list(partitions))
        found: Mapping[int, Checkpoint] = self._pipe.recv()
        return found

    def commit(self, batch: Batch) -> bool:
        self._pipe.send(batch)
        return bool(self._pipe.recv())

    def ended(self, why: str) -> None:
        """Tell that nothing more comes from here."""
        self._pipe.send(why)


def _run(sink: _Elsewhere, stop: Event, folder: Path, work: Work, share: Share) -> None:
    """Export a share for as long as the process that holds the lake lives."""
    holder = parent_process()

    def over() -> bool:
        return stop.is_set() or holder is None or not holder.is_alive()

    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            export_share(folder, sink, work, share, over)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as wrong:
            sink.ended(str(wrong) or type(wrong).__name__)
