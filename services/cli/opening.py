"""Opening the fabric's store in this process."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from services.app import App
from services.cli import screen
from services.cli.interrupts import interrupts
from services.settings import Settings


@contextmanager
def opened(settings: Settings) -> Iterator[App]:
    """Open the store for as long as the block lasts.

    A signal waits until it is open and can be closed again: a server that is just being started
    would be left behind.

    Raises:
        StoreUnavailable: it can't be opened; says what to do.
        KeyboardInterrupt: a signal came meanwhile.
    """
    with ExitStack() as stack:
        with screen.waiting("Opening the store"), ExitStack() as torn:
            if not settings.database_url:
                torn.enter_context(interrupts.deferred())
            app = stack.enter_context(App(settings))
        yield app
