"""What the library says aside: between calls, and on standard error if nobody listens."""

import logging

from confluent_kafka import KafkaError

logger = logging.getLogger(__name__)

REFUSED = frozenset(
    {
        KafkaError._AUTHENTICATION,
        KafkaError._SSL,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
        KafkaError.ILLEGAL_SASL_STATE,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)
"""Errors that trying again does not end."""


class Heard:
    """Listens to one handle of the library, in the thread that calls it."""

    def __init__(self) -> None:
        self.last: KafkaError | None = None
        """The newest trouble; the library goes on trying meanwhile."""
        self.lasting: KafkaError | None = None
        """The newest of which trying again is no cure."""

    def error(self, error: KafkaError, lasting: bool = False) -> None:
        """Take in trouble with a connection."""
        if self.last is None or error.code() != KafkaError._ALL_BROKERS_DOWN:  # gives no reason
            self.last = error
        if lasting or error.code() in REFUSED:
            self.lasting = error
        logger.info("trouble with Kafka", extra={"why": error.str()})

    def take_lasting(self) -> KafkaError | None:
        """Return what lasts, once: it is raised then."""
        lasting, self.lasting = self.lasting, None
        return lasting

    def log(self, _level: int, message: str, *args: object) -> None:
        """Take in a log line: a retry a second is loud there, and what matters is raised."""
        logger.debug(message, *args)
