"""Between domain events and stored events: the stock mapper's place, in Avro."""

from typing import Any, cast

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from domain.partition import partition_of
from domain.recorded import Recorded, Stored, StreamEvent
from services.store.codec import decode, encode
from services.store.save import Record


class AvroMapper(Mapper[str]):
    """Maps placed events to records; the topic is the event class's name on the wire."""

    def __init__(self, partitions: int) -> None:
        super().__init__(JSONTranscoder())
        self.partitions = partitions

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> Record:
        """Encode one placed event.

        Raises:
            EventTooLarge: it is over 512 KiB.
        """
        event = cast("StreamEvent", domain_event).event
        return Record(
            domain_event.originator_id,
            domain_event.originator_version,
            event.topic,
            encode(event),
            partition_of(event.swarm_id, self.partitions),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Decode one stored event, whichever released schema wrote it."""
        return StreamEvent(
            str(stored_event.originator_id),
            stored_event.originator_version,
            decode(stored_event.state),
        )


def to_recorded(stored: Stored) -> Recorded:
    """Decode an event with its place in the total order."""
    return Recorded(
        stored.position, stored.stream, stored.version, stored.partition, decode(stored.state)
    )
