"""Kafka: every event out, exactly once; events back in, in order.

client        the port: what we need of a client library
settings      how Kafka is spoken to, from `perpetua.toml`
connect       chooses one: `kafka_python/` (default) or `librdkafka/` (an extra)
record        a stored event as a Kafka record, and back (CloudEvents)
topics        which topics there are, as they must be
relay/        from the store to the topics
source/       from the topics to whoever reads events by partition
verify        all that is on Kafka, held against the store
standing      how far Kafka is behind
broker/       a broker of our own on this machine
errors        what goes wrong
"""
