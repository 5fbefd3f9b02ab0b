"""Kafka as a source of events, in the order of the store.

kafka_source  shares partitions with others, and hands out what follows
merge         restores the order of one partition from its topics
gap           tells an event that is late from one that is not there
origin        sees that events are of the store that was meant
"""

from services.bus.source.kafka_source import KafkaSource

__all__ = ["KafkaSource"]
