"""Many lines told by few: how many they are is exact, and what is rare is not lost."""

from hypothesis import given
from hypothesis import strategies as st

from domain.thinking import ObservedLine
from services.cognition.openai.digest import digest
from services.cognition.openai.document import line_size
from tests.unit.openai.asking import line


def failed(count: int, first: int = 0) -> list[ObservedLine]:
    return [
        line(first + n, f"Failed password for root from 10.0.{n % 7}.9 port {n + 1}")
        for n in range(count)
    ]


def test_lines_alike_are_told_by_a_few_that_stand_for_all() -> None:
    shown = digest(failed(5_000), 2_000, line_size, 500)

    assert 1 <= len(shown) <= 3
    assert sum(each.alike for each in shown) == 5_000


def test_what_happened_once_is_shown_among_thousands() -> None:
    lines = [*failed(2_500), line(2_500, "kernel: Out of memory"), *failed(2_500, 2_501)]

    shown = digest(lines, 1_500, line_size, 500)

    assert (2_500, 1) in [(each.number, each.alike) for each in shown]


def test_what_happened_most_is_shown_among_thousands_that_happened_once() -> None:
    words = [f"{a}{b}{c}" for a in "abcdefghij" for b in "abcdefghij" for c in "abcdefghij"]
    lines = [line(n, f"{word} happened") for n, word in enumerate(words)] + failed(900, 1_000)

    shown = digest(lines, 1_500, line_size, 500)

    assert max(each.alike for each in shown) >= 898


def test_lines_keep_their_order() -> None:
    lines = [line(n, text) for n in range(300) for text in [f"{'abc'[n % 3]} came"]]
    shown = digest(lines, 700, line_size, 500)

    assert [each.number for each in shown] == sorted(each.number for each in shown)


def test_the_same_words_of_two_sources_are_not_alike() -> None:
    lines = [line(n, "up", source="ab"[n % 2]) for n in range(600)]

    assert {each.source for each in digest(lines, 500, line_size, 4)} == {"a", "b"}


def test_a_digest_can_be_digested_again() -> None:
    once = digest(failed(4_000), 1_000, line_size, 500)
    twice = digest([*once, *failed(1_000, 4_000)], 1_000, line_size, 2)

    assert sum(each.alike for each in twice) == 5_000


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 50)), min_size=1, max_size=80),
    st.integers(0, 3_000),
    st.integers(1, 20),
)
def test_it_keeps_to_its_room_and_counts_every_line_of_what_it_shows(
    told: list[tuple[str, int]], room: int, most: int
) -> None:
    lines = [line(n, word * 9, alike=alike) for n, (word, alike) in enumerate(told)]

    shown = digest(lines, room, line_size, most)
    with_last = digest(lines, room, line_size, most, keep_last=True)

    assert sum(map(line_size, shown)) <= room
    assert len(with_last) <= most
    assert with_last[-1].number == lines[-1].number
    for words in {each.text for each in shown}:
        counted = sum(each.alike for each in shown if each.text == words)
        assert counted == sum(each.alike for each in lines if each.text == words)


def test_what_is_left_out_is_neither_the_rarest_nor_the_commonest() -> None:
    counts = {"aa": 1, "bb": 300, "cc": 40, "dd": 900, "ee": 2}
    words = [word for word, count in counts.items() for _ in range(count)]
    lines = [line(n, f"{word} came") for n, word in enumerate(words)]

    shown = digest(lines, 10_000, line_size, 4)

    assert sorted({each.text[:2] for each in shown}) == ["aa", "bb", "dd", "ee"]
