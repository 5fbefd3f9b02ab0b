"""What was raised is news again only once it has grown, and what is kept of it is bounded."""

from services.cognition.statistical.raised import Raised


def test_what_was_raised_is_news_again_once_it_has_doubled() -> None:
    raised = Raised()
    assert raised.is_news("k", 5)
    raised.note("k", 5)
    assert not raised.is_news("k", 9)
    assert raised.is_news("k", 10)


def test_what_holds_no_more_is_let_go_the_earliest_first() -> None:
    raised = Raised(most=3)
    for n in range(6):
        raised.note(str(n), n)
    raised.note("1", 9)
    raised.let_go({"0", "2"})
    assert [key for key in map(str, range(6)) if key in raised] == ["0", "1", "2"]
