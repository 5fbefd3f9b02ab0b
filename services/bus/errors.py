"""What goes wrong with Kafka.

BusError
├── BusUnavailable         out of reach, or it refuses: what happened and what to do
│   └── ProducerFenced     another process has taken over
├── BrokerUnavailable      the broker on this machine can't be started
├── TopicsUnfit            topics that are missing or not as they must be
├── ForeignHistory         the topics hold the events of another store
└── BrokenHistory          what is on Kafka is not the history of the store
    ├── HistoryMissing     events that must be there are not
    └── HistoryDoubled     two events where there is one
"""


class BusError(Exception):
    """One line: what is wrong and what to do."""

    code = "bus_error"

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}: {hint}")
        self.message = message
        self.hint = hint


class BusUnavailable(BusError):
    """Kafka can't be used now; trying again may help."""

    code = "bus_unavailable"


class ProducerFenced(BusUnavailable):
    """Somebody else holds this transactional id now; what was under way is void."""

    code = "producer_fenced"

    def __init__(self, transactional_id: str) -> None:
        super().__init__(f"another process publishes as {transactional_id}", "let it")


class BrokerUnavailable(BusError):
    """The broker on this machine can't be started, or stopped."""

    code = "broker_unavailable"


class TopicsUnfit(BusError):
    """Topics are missing, or are not what the events need."""

    code = "topics_unfit"


class ForeignHistory(BusError):
    """What the topics say was published is not of this store, or not yet."""

    code = "foreign_history"


class BrokenHistory(BusError):
    """What is on Kafka is not what the store published; reading on would build on sand."""

    code = "broken_history"
    remedy = (
        "compare Kafka with the store by `perpetua topics --verify`; a view can be built from the"
        " store instead"
    )


class HistoryMissing(BrokenHistory):
    """An event is not where the one after it says it is: deleted, or never published."""

    code = "history_missing"

    def __init__(self, partition: int, after: int, found: int) -> None:
        super().__init__(
            f"partition {partition} of Kafka lacks an event between the positions {after} and"
            f" {found}",
            self.remedy,
        )


class HistoryDoubled(BrokenHistory):
    """Two events say that they come after the same one."""

    code = "history_doubled"

    def __init__(self, partition: int, after: int) -> None:
        super().__init__(
            f"partition {partition} of Kafka has two events after position {after}", self.remedy
        )
