"""Which of two lakes of the same events has more of them."""

import pytest

from services.lake.manifest import At, Manifest

GOING_ON = At(position=120)


def stopped(position: int, failed: int | None) -> At:
    return At(position=position, failed_position=failed, error="UnknownSchema")


def of(at: At) -> Manifest:
    return Manifest(source="/perpetua/a-store", partitions={0: GOING_ON, 1: at})


@pytest.mark.parametrize(
    ("new", "old", "sooner"),
    [
        (stopped(90, 100), stopped(95, 100), False),  # what is between is of other partitions
        (stopped(90, 100), At(position=99), False),
        (stopped(90, 100), At(position=100), True),
        (stopped(90, 99), stopped(90, 100), True),
        (stopped(94, None), At(position=95), True),
        (At(position=90), GOING_ON, False),
    ],
)
def test_a_lake_stops_sooner_if_it_lacks_an_event_that_the_old_one_has(
    new: At, old: At, sooner: bool
) -> None:
    assert of(new).stops_sooner_than(of(old)) is sooner
