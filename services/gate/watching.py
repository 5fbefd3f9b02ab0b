"""Advances proposals as they are made and approved, for as long as the store is open."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from domain.events import ApprovalGranted, ProposalCreated
from services.store.codec import decode
from services.store.recorder import Recorder

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECS = 0.5
LONGEST_PAUSE_SECS = 60.0
TOPICS = (ProposalCreated.topic, ApprovalGranted.topic)


class Watching:
    """One worker and what is due for it. What can't go on is tried again, ever more seldom."""

    def __init__(
        self,
        recorder: Recorder,
        unfinished: Callable[[], Sequence[str]],
        advance: Callable[[str], bool],
        first_pause_secs: float = FIRST_PAUSE_SECS,
    ) -> None:
        """Prepare.

        Args:
            recorder: tells of what comes.
            unfinished: tells what a process before left to do.
            advance: does it as far as it goes; false if somebody else seems to be at it.
            first_pause_secs: when to try again what did not go on.
        """
        self._recorder = recorder
        self._unfinished = unfinished
        self._advance = advance
        self._first_pause_secs = first_pause_secs
        self._due: asyncio.Queue[str] = asyncio.Queue()
        self._pauses: dict[str, float] = {}

    async def run(self) -> None:
        """Work until the store closes."""
        head = await asyncio.to_thread(self._recorder.head)
        for proposal_id in await asyncio.to_thread(self._unfinished):
            self._due.put_nowait(proposal_id)
        worker = asyncio.create_task(self._work())
        try:
            async for batch in self._recorder.follow(head, topics=TOPICS):
                for stored in batch:
                    event = decode(stored.state)
                    if isinstance(event, ProposalCreated | ApprovalGranted):
                        self._due.put_nowait(event.proposal_id)
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            proposal_id = await self._due.get()
            try:
                settled = await asyncio.to_thread(self._advance, proposal_id)
            except Exception:  # the next one must not wait for what is wrong with this one
                logger.exception(
                    "a proposal could not go on, trying again", extra={"proposal_id": proposal_id}
                )
                settled = False
            if settled:
                self._pauses.pop(proposal_id, None)
            else:
                self._try_again(proposal_id)

    def _try_again(self, proposal_id: str) -> None:
        pause = self._pauses.get(proposal_id, self._first_pause_secs)
        self._pauses[proposal_id] = min(2 * pause, LONGEST_PAUSE_SECS)
        asyncio.get_running_loop().call_later(pause, self._due.put_nowait, proposal_id)
