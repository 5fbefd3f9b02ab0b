"""Memory is its owner's alone, unless the owner's policy says who else may read it."""

import pytest

from domain.errors import InvalidInput
from domain.limits import Limits, shared_with
from domain.sharing import Kin, check_sharing, may_read

OWNER = Kin("owner", "one", {"above"})
ABOVE = Kin("above", "one")
BELOW = Kin("below", "two", {"owner", "above"})
BESIDE = Kin("beside", "one", {"above"})
STRANGER = Kin("stranger", "three")
ALL = (ABOVE, BELOW, BESIDE, STRANGER)


def readers(sharing: set[str], *, distilled: bool = False) -> list[Kin]:
    return [each for each in ALL if may_read(each, OWNER, sharing, distilled=distilled)]


@pytest.mark.parametrize(
    ("sharing", "expected"),
    [
        (set(), []),
        ({"lineage"}, [ABOVE, BELOW]),
        ({"swarm"}, [ABOVE, BESIDE]),
        ({"persona:stranger"}, [STRANGER]),
        ({"swarm", "lineage", "persona:stranger"}, list(ALL)),
        ({"persona:nobody"}, []),
    ],
)
def test_a_policy_lets_in_whom_it_names_and_nobody_else(
    sharing: set[str], expected: list[Kin]
) -> None:
    assert readers(sharing) == expected


def test_its_owner_reads_it_whatever_the_policy() -> None:
    assert may_read(OWNER, OWNER, set())


def test_what_was_distilled_goes_up_the_lineage_and_nowhere_else() -> None:
    assert readers(set(), distilled=True) == [ABOVE]


def test_share_memory_is_sharing_with_the_swarm() -> None:
    assert shared_with(Limits(share_memory=True, share_with=("lineage",))) == {"swarm", "lineage"}
    assert shared_with(Limits()) == set()


@pytest.mark.parametrize("word", ["everybody", "", "persona:", "persona:a\nb", "Swarm"])
def test_words_that_name_nobody_are_refused(word: str) -> None:
    with pytest.raises(InvalidInput):
        check_sharing(Limits(share_with=(word,)))


def test_more_names_than_a_row_should_hold_are_refused() -> None:
    named = tuple(f"persona:{n}" for n in range(100))
    check_sharing(Limits(share_with=named))
    with pytest.raises(InvalidInput, match="exceeds limit 100"):
        check_sharing(Limits(share_with=(*named, "lineage")))
