"""Which thinker a persona has: the one its tag names, or the default."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

from domain.budget import Credits
from domain.errors import UnknownThinker
from domain.ports import Thinker
from domain.thinking import ThinkRequest, ThinkResult, Unanswered
from services.cognition.standing import ModelStanding

TAG: Final = "thinker:"
"""How the tag of a persona begins that names its thinker; its children have the same."""
EXTERNAL_NAME: Final = "external"
EXTERNAL: Final = f"{TAG}{EXTERNAL_NAME}"
"""Tag of a persona whose agent thinks elsewhere: the loop distils it and ends it when it idles."""
STATISTICAL: Final = "statistical"
"""Name of the thinker that answers where no other does."""
ALWAYS_THERE: Final = (STATISTICAL, EXTERNAL_NAME)
"""Names that nobody has to configure."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A thinker, and what is done when it does not answer."""

    thinker: Thinker
    fallback: Thinker | None = None
    """Answers in its stead, and is recorded as such."""
    retries: int = 0
    """How often a call is made again that may fare better then."""
    standing: Callable[[str], ModelStanding] | None = None
    """Tells how its model stands, by the name of the thinker; null where there is no model."""


class Thinkers:
    """The thinkers there are, by name."""

    def __init__(
        self,
        made: Mapping[str, Chosen],
        default: str = STATISTICAL,
        closing: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        """Hold them.

        Args:
            made: by name.
            default: who thinks for a persona whose tags name none.
            closing: what drops their connections.
        """
        self._made = made
        self._default = default
        self._closing = closing

    def of(self, tags: Collection[str]) -> Chosen:
        """Return the thinker of a persona with these tags."""
        named = named_in(tags) or self._default
        return self._made.get(named) or Chosen(Missing(named))

    def states(self) -> tuple[ModelStanding, ...]:
        """Tell how each model stands, as this process has met it. To be asked from any thread."""
        made = self._made.items()
        return tuple(each.standing(name) for name, each in made if each.standing)

    async def close(self) -> None:
        """Drop their connections; nobody is asked any more."""
        for close in self._closing:
            await close()

    def forget(self, persona_id: str) -> None:
        """Drop what is kept for a persona that has been reaped."""
        for chosen in self._made.values():
            chosen.thinker.forget(persona_id)


def named_in(tags: Collection[str]) -> str | None:
    """Return the name of the thinker that tags ask for, if one does."""
    return next((tag.removeprefix(TAG) for tag in tags if tag.startswith(TAG)), None)


def must_be_there(tags: Collection[str], names: Sequence[str]) -> None:
    """Check the thinkers that somebody asks for with the tags of a new persona.

    Not asked of the children of the loop, which inherit the tag: if its thinker has gone
    meanwhile, they are told so when they think (`Missing`).

    Raises:
        UnknownThinker: one is none of `names`.
    """
    for tag in tags:
        if tag.startswith(TAG) and tag.removeprefix(TAG) not in names:
            raise UnknownThinker(tag.removeprefix(TAG), names)


class Missing:
    """Stands for a thinker that nobody configured: it says so, and what to do."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def fit(self, request: ThinkRequest) -> ThinkRequest:
        """Show nothing but how far it would have read."""
        return request

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Refuse.

        Raises:
            Unanswered: always.
        """
        raise Unanswered(
            f"there is no thinker {self._name!r}: set [thinkers.{self._name}] in perpetua.toml",
            retryable=False,
        )

    def worst_case(self, request: ThinkRequest) -> Credits:
        """Tell that it costs nothing."""
        return Credits()

    async def think(self, request: ThinkRequest) -> ThinkResult:
        """Refuse; no call gets here."""
        raise NotImplementedError

    async def recall(self, request: ThinkRequest) -> None:
        """Keep nothing."""

    def forget(self, persona_id: str) -> None:
        """Nothing is kept."""
