"""How one method does for both clients.

All is written once, as coroutines over an HTTP client of either kind. With the synchronous kind
there is nothing to wait for: they run to their end at the first step, without an event loop.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

if TYPE_CHECKING:
    from .client import AsyncClient, Client

P = ParamSpec("P")
T = TypeVar("T")


class Call(Generic[P, T]):
    """Decorates a method: `Client` returns its result, `AsyncClient` awaits it."""

    def __init__(self, method: Callable[Concatenate[Any, P], Awaitable[T]]) -> None:
        self.method, self.__doc__ = method, method.__doc__

    @overload
    def __get__(self, client: "Client", owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: "AsyncClient", owner: type) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, client: Any, owner: type) -> Any:
        """Bind it to a client; the class itself gives what is decorated."""

        def run(*args: Any, **more: Any) -> Any:
            return client._finish(self.method(client, *args, **more))

        return run if client else self.method


def at_once(waiting: Awaitable[T]) -> T:
    """Run what waits for nothing."""
    try:
        waiting.__await__().send(None)
    except StopIteration as done:
        return cast("T", done.value)
    raise RuntimeError("the synchronous client came to wait for something")


async def either(value: Awaitable[T] | T) -> T:
    """Return what is there, or will be."""
    return await value if isinstance(value, Awaitable) else value
