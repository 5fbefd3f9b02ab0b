"""How kafka-python opens a socket."""

from typing import Any, Final

from kafka.net.inet import KafkaNetSocket

WAY: Final = "perpetua://direct"
"""What to give as `proxy_url` for it: no proxy, but the library's only way to bring a socket."""


class ClosedOnFailure(KafkaNetSocket):  # type: ignore[misc]  # the library has no types
    """Closes what could not be connected; the library leaves that to the garbage collector.

    While a broker is down that is a socket for every attempt, one a second or more.
    """

    SCHEMES = ("perpetua",)

    async def sock_connect(self, net: Any, sock: Any, *args: Any, **kwargs: Any) -> Any:
        """Connect a socket."""
        try:
            return await super().sock_connect(net, sock, *args, **kwargs)
        except BaseException:
            sock.close()
            raise
