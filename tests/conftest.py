"""What tests of every kind share: one Kafka a session, and the order of their files."""

import pytest

from tests.kafka import frail, kafka, module_broker, own_broker

__all__ = ["frail", "kafka", "module_broker", "own_broker"]

BROKERS = {"kafka", "module_broker", "own_broker"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that need Kafka first.

    They are few and take longest: begun last, one would keep a worker busy while the others have
    nothing left to do.
    """
    slow = {each.path for each in items if BROKERS.intersection(getattr(each, "fixturenames", ()))}
    items.sort(key=lambda each: each.path not in slow)
