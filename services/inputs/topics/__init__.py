"""Kafka topics of others as inputs: every record becomes a line, once.

named       what a person named, and whether it can be read
records     records to observation batches
places      where each partition goes on, and what is gone from under it
storing     what was read goes into the store, only where the last of it ended
following   reads one topic for as long as the process runs
"""
