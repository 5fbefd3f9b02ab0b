"""What every connection has in common, and what its errors mean to us."""

from collections.abc import Callable
from functools import wraps
from time import monotonic
from typing import Any, Final, ParamSpec, TypeVar

from confluent_kafka import KafkaError, KafkaException

from services.bus.errors import BusUnavailable
from services.bus.librdkafka.heard import REFUSED, Heard
from services.bus.settings import BusSettings

P = ParamSpec("P")
R = TypeVar("R")

PATIENCE_SECS: Final = 10.0
"""How long the broker may take to answer."""
_LOOK_SECS: Final = 0.5
_RUNS: Final = "check that it runs, and PERPETUA_KAFKA"


def connection(servers: str, settings: BusSettings, heard: Heard) -> dict[str, Any]:
    """Return what every connection has in common, in the library's words."""
    words = {
        "sasl.mechanism": settings.sasl_mechanism,
        "sasl.username": settings.sasl_username,
        "ssl.ca.location": settings.ssl_ca,
        "ssl.certificate.location": settings.ssl_certificate,
        "ssl.key.location": settings.ssl_key,
    }
    secrets = {
        "sasl.password": settings.sasl_password,
        "ssl.key.password": settings.ssl_key_password,
    }
    return {
        "bootstrap.servers": servers,
        "client.id": "perpetua",
        "reconnect.backoff.max.ms": 1_000,
        "enable.metrics.push": False,
        "security.protocol": settings.security_protocol,
        "ssl.endpoint.identification.algorithm": "https" if settings.ssl_check_hostname else "none",
        "error_cb": heard.error,
        "logger": heard,
        **{name: str(word) for name, word in words.items() if word},
        **{name: secret.get_secret_value() for name, secret in secrets.items() if secret},
    }


def reach(handle: Any, heard: Heard, patience_ms: int) -> None:
    """Wait until a broker has answered: else the library would try in silence.

    Raises:
        BusUnavailable: none does in time, or it refuses.
    """
    end = monotonic() + patience_ms / 1_000
    while monotonic() < end:
        try:
            handle.cluster_id(timeout=_LOOK_SECS)
        except KafkaException:
            handle.poll(0)  # hears why
            if lasting := heard.take_lasting():
                raise unavailable(lasting) from None
        else:
            return
    why = f": {_line(heard.last)}" if heard.last else ""
    raise BusUnavailable(f"Kafka does not answer within {patience_ms:,} ms{why}", _RUNS)


def translated(call: Callable[P, R]) -> Callable[P, R]:
    """Raise errors of the library as ours."""

    @wraps(call)
    def translated(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except KafkaException as error:
            raise unavailable(error.args[0]) from error
        except TimeoutError as error:
            raise BusUnavailable(f"Kafka does not answer in {PATIENCE_SECS:g} s", _RUNS) from error

    return translated


def unavailable(error: KafkaError) -> BusUnavailable:
    """Say what happened, and what to do."""
    if error.code() in REFUSED:
        return BusUnavailable(
            f"Kafka refuses: {_line(error)}", "check the user's rights, and [bus]"
        )
    if error.code() == KafkaError._INVALID_ARG:  # a certificate that can't be read
        return BusUnavailable(f"Kafka: {_line(error)}", "check the files named in [bus]")
    return BusUnavailable(f"Kafka: {_line(error)}", _RUNS)


def _line(error: KafkaError) -> str:
    return " ".join(error.str().split())
