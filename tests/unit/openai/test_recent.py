"""What a persona has read stays at hand, bounded, counted once, and its own."""

from domain.thinking import ObservedLine
from services.cognition.openai.recent import MOST_BYTES, MOST_LINES, Recent
from tests.unit.openai.asking import line, memory


def read(count: int, first: int = 0) -> list[ObservedLine]:
    return [line(first + n, f"Failed for root port {first + n + 1}") for n in range(count)]


def test_lines_of_many_steps_are_counted_together() -> None:
    recent = Recent()
    for start in range(0, 10_000, 500):
        recent.read("p", read(500, start))

    assert sum(each.alike for each in recent.lines("p")) == 10_000
    assert len(recent.lines("p")) <= MOST_LINES


def test_a_line_read_again_is_not_counted_again() -> None:
    recent = Recent()
    recent.read("p", read(10))
    recent.read("p", read(10))
    recent.read("p", read(12))

    assert sum(each.alike for each in recent.lines("p")) == 12


def test_long_lines_take_bounded_room() -> None:
    recent = Recent()
    recent.read("p", [line(n, f"{chr(97 + n % 26) * 9}{n} " + "x" * 60_000) for n in range(500)])

    kept = recent.lines("p")
    assert kept
    assert sum(len(each.text) for each in kept) <= MOST_BYTES


def test_each_persona_has_its_own_and_is_forgotten_whole() -> None:
    recent = Recent()
    recent.read("p", read(3))
    recent.remind("p", [memory()])
    assert (list(recent.lines("q")), list(recent.memories("q"))) == ([], [])
    assert list(recent.memories("p")) == [memory()]

    recent.forget("p")
    recent.forget("p")

    assert (list(recent.lines("p")), list(recent.memories("p"))) == ([], [])
