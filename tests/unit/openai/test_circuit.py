"""Who fails again and again is left alone, longer each time; one call tries before all do."""

from datetime import UTC, datetime, timedelta

import pytest

from services.cognition.openai.circuit import LONGEST_PAUSE_SECS, Circuit, CircuitOpen

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    return Circuit(opens_after=3, first_pause_secs=10, clock=clock)


def opened(circuit: Circuit) -> Circuit:
    for _ in range(3):
        circuit.failed("status 500")
    return circuit


def passes(circuit: Circuit) -> bool:
    try:
        with circuit.passing():
            return True
    except CircuitOpen:
        return False


def test_it_opens_after_failures_in_a_row_and_says_why(circuit: Circuit) -> None:
    circuit.failed("status 500")
    circuit.failed("status 500")
    circuit.succeeded()
    circuit.failed("status 500")
    assert passes(circuit)

    opened(circuit)

    assert not passes(circuit)
    assert (circuit.state.state, circuit.state.why) == ("open", "status 500")
    assert circuit.state.again_after_secs == 10


def test_after_the_pause_one_call_tries_and_no_other(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    clock.now += 10

    assert circuit.state.state == "half-open"
    with circuit.passing():
        assert not passes(circuit)
    assert passes(circuit)


def test_a_probe_that_answers_closes_it(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    clock.now += 10
    with circuit.passing():
        circuit.succeeded()

    assert circuit.state.state == "closed"
    circuit.failed("status 500")
    assert passes(circuit)


def test_the_pause_grows_while_probes_fail_but_not_for_ever(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    pauses = []
    for _ in range(9):
        left = circuit.state.again_after_secs
        assert left is not None
        pauses.append(left)
        clock.now += left
        circuit.failed("status 500")

    assert pauses == [10, 20, 40, 80, 160, *[LONGEST_PAUSE_SECS] * 4]


def test_calls_that_began_before_it_opened_do_not_prolong_the_pause(circuit: Circuit) -> None:
    opened(circuit)
    circuit.failed("no answer")

    assert circuit.state.again_after_secs == 10


def test_a_probe_that_was_given_up_lets_the_next_one_try(circuit: Circuit, clock: Clock) -> None:
    opened(circuit)
    clock.now += 10
    with pytest.raises(KeyboardInterrupt), circuit.passing():
        raise KeyboardInterrupt

    assert passes(circuit)


def test_what_is_stopped_stays_so(circuit: Circuit, clock: Clock) -> None:
    circuit.stop("it used more than it may")
    clock.now += 1_000_000
    circuit.succeeded()
    circuit.failed("status 500")

    assert not passes(circuit)
    assert (circuit.state.state, circuit.state.why) == ("stopped", "it used more than it may")


def test_it_says_since_when_it_is_not_closed_however_often_probes_fail(clock: Clock) -> None:
    times = iter([NOON, LATER])
    circuit = Circuit(opens_after=3, first_pause_secs=10, clock=clock, now=lambda: next(times))
    circuit.failed("status 500")
    assert circuit.state.since is None
    opened(circuit)
    assert circuit.state.since == NOON
    clock.now += 10
    assert circuit.state.state == "half-open"
    assert circuit.state.since == NOON
    circuit.failed("status 500")
    assert circuit.state.state == "open"
    assert circuit.state.since == NOON
    circuit.succeeded()
    assert circuit.state.since is None
    circuit.stop("it used more than it may")
    circuit.stop("again")
    assert circuit.state.since == LATER
