"""What every connection has in common, and what its errors mean to us."""

from collections.abc import Callable
from functools import wraps
from ssl import SSLContext, create_default_context
from typing import Any, Final, ParamSpec, TypeVar

from kafka import errors
from kafka.net.compat import KafkaNetClient

from services.bus.errors import BusUnavailable
from services.bus.kafka_python.sockets import WAY
from services.bus.settings import BusSettings

P = ParamSpec("P")
R = TypeVar("R")

PATIENCE_MS: Final = 10_000
"""How long the broker may take to answer."""
_REFUSED: Final = (
    errors.AuthorizationError,
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.IllegalSaslStateError,
)


def connection(servers: str, settings: BusSettings) -> dict[str, Any]:
    """Return what every connection has in common, in the library's words."""
    password = settings.sasl_password
    return {
        "bootstrap_servers": [each.strip() for each in servers.split(",")],
        "client_id": "perpetua",
        "proxy_url": WAY,
        "bootstrap_timeout_ms": settings.connect_timeout_ms,
        "reconnect_backoff_max_ms": 1_000,
        "security_protocol": settings.security_protocol,
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.sasl_username,
        "sasl_plain_password": password.get_secret_value() if password else None,
        "ssl_context": _tls(settings) if settings.security_protocol.endswith("SSL") else None,
    }


def _tls(settings: BusSettings) -> SSLContext:
    """Return how to speak TLS; the library would only log that it can't read a file."""
    context = create_default_context(cafile=settings.ssl_ca)
    context.check_hostname = settings.ssl_check_hostname
    if settings.ssl_certificate:
        password = settings.ssl_key_password
        context.load_cert_chain(
            settings.ssl_certificate,
            settings.ssl_key,
            password.get_secret_value() if password else None,
        )
    return context


def made(kind: Callable[..., Any], **configuration: Any) -> Any:
    """Make a producer, consumer or admin of the library.

    One that can't reach a broker leaves a thread and sockets behind, and no handle to end them.
    """
    clients: list[KafkaNetClient] = []

    def client(**given: Any) -> KafkaNetClient:
        clients.append(KafkaNetClient(**given))
        return clients[-1]

    try:
        return kind(**configuration, kafka_client=client)
    except BaseException:
        for each in clients:
            each.close()
        raise


def translated(call: Callable[P, R]) -> Callable[P, R]:
    """Raise errors of the library as ours."""

    @wraps(call)
    def translated(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except errors.KafkaError as error:
            raise unavailable(error) from error
        except OSError as error:  # a certificate that can't be read
            raise BusUnavailable(f"Kafka: {error}", "check the files named in [bus]") from error

    return translated


def unavailable(error: errors.KafkaError) -> BusUnavailable:
    """Put an error of the library in one line, with what to do."""
    text = str(error) or type(error).__name__
    if isinstance(error, _REFUSED):
        return BusUnavailable(f"Kafka refuses: {text}", "check the user's rights, and [bus]")
    return BusUnavailable(f"Kafka: {text}", "check that it runs, and PERPETUA_KAFKA")
