"""Takes commands from Kafka, decides on them, answers, and commits: each exactly once.

Where the group goes on is committed in the transaction of the answers. A command that was decided
on when that broke off comes again, and is answered as the first time by its key.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from typing import Final

from services.bus.client import Client, Consumer, Incoming, Outgoing, Producer, TopicPartition
from services.bus.errors import BusError
from services.bus.topics import COMMANDS
from services.clock import new_id
from services.ingest import letters
from services.ingest.deciding import Decider
from services.ingest.decoding import Undecodable, decode

logger = logging.getLogger(__name__)

GROUP: Final = "perpetua-ingest"
TAKEN: Final = 200
"""Most commands decided on before their answers are committed."""
_POLL_SECS: Final = 0.5
_AGAIN_SECS: Final = 1.0


class Ingest:
    """One member of the group that decides on commands; any number of processes may be."""

    def __init__(self, client: Client, decider: Decider, source: bytes) -> None:
        """`source` is the `ce_source` of the answers."""
        self._client = client
        self._decider = decider
        self._source = source
        self._limit = TAKEN
        """Most commands to take now; fewer after failures: all at once may have taken too long."""
        self._is_away = False
        """Whether Kafka was out of reach when it was last tried."""

    async def run(self) -> None:
        """Decide on what comes until cancelled, however often Kafka goes away."""
        while True:
            try:
                await self._take_part()
            except BusError as error:
                level = logging.INFO if self._is_away else logging.WARNING  # it may take a night
                logger.log(level, "commands wait for Kafka", extra={"why": str(error)})
                self._is_away = True
                self._limit = max(1, self._limit // 2)
                await asyncio.sleep(_AGAIN_SECS)

    async def _take_part(self) -> None:
        """Be a member of the group until something goes wrong.

        All calls of the client are made in one thread: one that is cancelled still ends there,
        before what it used is closed.
        """
        thread = ThreadPoolExecutor(1, "perpetua-ingest")
        call = partial(asyncio.get_running_loop().run_in_executor, thread)
        opened = ExitStack()
        try:
            consumer = await call(self._consumer, opened)
            producer = await call(self._producer, opened)
            self._is_away = False
            while True:
                records = await call(consumer.poll, _POLL_SECS, self._limit)
                await call(_begin, consumer)
                if records:
                    answers = await self._answers(records)
                    await call(_commit, producer, consumer, records, answers)
                    self._limit = min(TAKEN, 2 * self._limit)
        finally:
            with suppress(BusError):  # nothing is lost by what can't be closed in good order
                await asyncio.shield(call(opened.close))
            thread.shutdown(wait=False)

    def _consumer(self, opened: ExitStack) -> Consumer:
        consumer = self._client.consumer(GROUP)
        opened.callback(consumer.close)
        consumer.subscribe([COMMANDS])
        return consumer

    def _producer(self, opened: ExitStack) -> Producer:
        producer = self._client.producer(f"perpetua-ingest-{new_id()}")
        opened.callback(producer.close)
        producer.init()
        return producer

    async def _answers(self, records: Sequence[Incoming]) -> list[Outgoing]:
        """Decide, partition by partition at once, in each one in order."""
        by_partition: defaultdict[int, list[Incoming]] = defaultdict(list)
        for record in records:
            by_partition[record.partition].append(record)
        found = await asyncio.gather(*(self._in_order(each) for each in by_partition.values()))
        return [answer for answers in found for answer in answers]

    async def _in_order(self, records: Sequence[Incoming]) -> list[Outgoing]:
        return [answer for record in records for answer in await self._answer(record)]

    async def _answer(self, record: Incoming) -> list[Outgoing]:
        try:
            command = decode(record)
            decision = await self._decider.decide(command, _authorization(record))
            answers = [letters.reply(record, command, decision, self._source)]
        except Undecodable as wrong:
            return [letters.undecodable(record, wrong)]
        except Exception as fault:  # ours: it must not hold up the commands behind it
            logger.exception("a command could not be decided on", extra=_place(record))
            return [letters.broken(record, fault)]
        if letters.is_dead(decision):
            answers.append(letters.unmeant(record, decision))
        return answers


def _begin(consumer: Consumer) -> None:
    """Read what was newly assigned from where the group stands."""
    if waiting := consumer.waiting():
        stands = consumer.committed(waiting)
        consumer.start({each: stands.get(each, 0) for each in waiting})


def _commit(
    producer: Producer,
    consumer: Consumer,
    records: Sequence[Incoming],
    answers: Sequence[Outgoing],
) -> None:
    ends = {TopicPartition(each.topic, each.partition): each.offset + 1 for each in records}
    producer.begin()
    producer.send(answers)
    producer.send_offsets(ends, consumer)
    producer.commit()


def _authorization(record: Incoming) -> bytes | None:
    for name, value in record.headers:
        if name.lower() == letters.AUTHORIZATION and value:
            return value
    return None


def _place(record: Incoming) -> dict[str, int]:
    return {"partition": record.partition, "offset": record.offset}
