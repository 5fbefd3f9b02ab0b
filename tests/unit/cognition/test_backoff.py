"""Who fails again and again is asked ever more seldom, for years."""

from services.cognition.resting import LONGEST_BACKOFF_SECS, backoff_secs


def test_a_pause_doubles_up_to_the_longest_however_often_it_fails() -> None:
    assert [backoff_secs(failures) for failures in range(1, 8)] == [1, 2, 4, 8, 16, 32, 60]
    assert backoff_secs(10**6) == LONGEST_BACKOFF_SECS
