"""Each persona has the thinker its tag names."""

from services.cognition.calls import Calls
from services.cognition.thinkers import EXTERNAL, Chosen, Thinkers, named_in
from tests.unit.cognition.scripted import REQUEST, RIGHT, Purse, Scripted

DEFAULT, LARGE = Chosen(Scripted(RIGHT)), Chosen(Scripted(RIGHT))
THINKERS = Thinkers({"statistical": DEFAULT, "large": LARGE})


def test_a_tag_names_the_thinker_among_tags_of_any_kind() -> None:
    assert THINKERS.of(("focus:x", "thinker:large", "team:a")) is LARGE
    assert THINKERS.of(("focus:x",)) is DEFAULT
    assert Thinkers({"statistical": DEFAULT, "large": LARGE}, "large").of(()) is LARGE
    assert named_in((EXTERNAL,)) == "external"


async def test_who_names_a_thinker_that_is_not_there_is_told_so_and_nothing_is_reserved() -> None:
    purse = Purse()
    chosen = THINKERS.of(("thinker:larg",))
    answered = await Calls(chosen, purse.reserve, purse.settle, purse.pause).answer(REQUEST)
    assert answered.result.error == (
        "there is no thinker 'larg': set [thinkers.larg] in perpetua.toml"
    )
    assert (purse.reserved, purse.paused) == ([], [])


def test_every_thinker_forgets_who_was_reaped() -> None:
    class Forgetting(Scripted):
        def __init__(self) -> None:
            super().__init__()
            self.forgotten: list[str] = []

        def forget(self, persona_id: str) -> None:
            self.forgotten.append(persona_id)

    one, other = Forgetting(), Forgetting()
    Thinkers({"statistical": Chosen(one, fallback=other), "large": Chosen(other)}).forget("p")
    assert (one.forgotten, other.forgotten) == (["p"], ["p"])
