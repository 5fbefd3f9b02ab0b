"""The word list is general."""

from services.cognition.statistical.lines.words import words


def test_every_word_is_one_word_in_lower_case() -> None:
    lists = words()
    for name in ("blame", "fault", "weak", "success", "access", "source_keys", "stop"):
        for word in getattr(lists, name):
            assert word == word.lower().strip(), (name, word)
            assert " " not in word, (name, word)


def test_no_word_both_fails_and_succeeds() -> None:
    lists = words()
    assert not lists.success & (lists.blame | lists.fault | lists.weak)
    assert not lists.blame & lists.fault
    assert lists.refusal <= lists.blame


def test_plurals_of_failing_words_are_found_by_their_singular() -> None:
    assert words().singular("failures") == "failure"
    assert words().singular("address") == "address"
