"""Proposing: what can be meant is kept in one form, the rest is refused."""

import pytest

from domain.errors import IdTaken, InvalidInput
from domain.events.gate import Action
from tests.unit.gate.given import DENY, Bench


def test_an_id_is_never_used_twice() -> None:
    bench = Bench()
    bench.propose()
    bench.deny()
    with pytest.raises(IdTaken):
        bench.propose()


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (Action(tool="", target="a", arguments="{}"), "tool"),
        (Action(tool="file.append", target="", arguments="{}"), "target"),
        (Action(tool="file.append", target="a" * 513, arguments="{}"), "target"),
        (Action(tool="file.append", target="é" * 257, arguments="{}"), "target"),
        (Action(tool="file.append", target="a\nb", arguments="{}"), "target"),
        (Action(tool="file.append", target="a\u202eb", arguments="{}"), "target"),
        (Action(tool="file.append", target="a", arguments="{line"), "arguments"),
        (Action(tool="file.append", target="a", arguments='{"n":NaN}'), "canonical"),
        (Action(tool="file.append", target="a", arguments='{"n":9007199254740993}'), "canonical"),
        (Action(tool="file.append", target="a", arguments="[" * 100_000), "arguments"),
    ],
)
def test_an_action_that_cannot_be_meant_is_refused(wrong: Action, what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        Bench().propose(action=wrong)


def test_arguments_are_kept_in_their_canonical_form() -> None:
    bench = Bench()
    spaced = DENY.model_copy(update={"arguments": '{ "line" : "192.0.2.7" }'})
    action = bench.propose(action=spaced).content.action
    assert action == DENY
