"""What a call cost is counted as the server says; what it does not say, as the most it can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cognition.openai.endpoint import Endpoint
from services.cognition.openai.prices import cost_micro_usd, price_of, price_or_none_said, table
from services.cognition.openai.settings import OpenAISettings, Price
from services.cognition.openai.thinker import OpenAIThinker
from services.cognition.openai.usage import counted


@pytest.mark.parametrize(
    ("told", "read", "written"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 5}, 10, 5),
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}, 10, 5),
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 40}, 10, 30),
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 1}, 10, 5),
        ({"prompt_tokens": 10, "completion_tokens": 0}, 10, 0),
        ({"prompt_tokens": 10}, 10, 100),
        ({"completion_tokens": 5}, 1_000, 5),
        ({"prompt_tokens": -1, "completion_tokens": -1}, 1_000, 100),
        ({"prompt_tokens": "10", "completion_tokens": 1.5}, 1_000, 100),
        ({"prompt_tokens": True, "completion_tokens": None}, 1_000, 100),
        ({"prompt_tokens": 2**60, "completion_tokens": 5}, 1_000, 5),
        ({"prompt_tokens": 5_000, "completion_tokens": 900}, 5_000, 900),
        (None, 1_000, 100),
        ([], 1_000, 100),
    ],
)
def test_what_is_not_said_counts_as_the_most_it_can_be(
    told: object, read: int, written: int
) -> None:
    assert counted(told, 1_000, 100) == (read, written)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(["prompt_tokens", "completion_tokens", "total_tokens"]), inner
    ),
)


@given(JSON)
def test_whatever_is_told_both_are_counts(told: object) -> None:
    read, written = counted(told, 1_000, 100)
    assert 0 <= read <= 2**53
    assert 0 <= written <= 2**53


def test_a_price_is_that_of_the_longest_beginning_of_the_name() -> None:
    assert price_of("gpt-4o-mini-2024-07-18") == table()["gpt-4o-mini"]
    assert price_of("gpt-4o-2024-08-06") == table()["gpt-4o"]
    assert price_of("openai/GPT-4.1") == table()["gpt-4.1"]
    assert price_of("gpt-4om") is None
    assert price_of("llama3") is None


def test_a_price_that_is_given_goes_before_the_table_and_an_unknown_one_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mine = Price(input_micro_usd=1, output_micro_usd=2)
    assert price_or_none_said("gpt-4o", mine) == mine
    assert not caplog.records

    free = price_or_none_said("llama3", None)

    assert cost_micro_usd(free, 1_000_000, 1_000_000) == 0
    assert "no price is known" in caplog.text


async def test_who_opens_a_store_and_asks_no_model_hears_of_no_price(
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = OpenAISettings(base_url="http://127.0.0.1:9/v1", model="llama3")
    endpoint = Endpoint(settings.base_url, 1)
    OpenAIThinker(settings, endpoint, {})
    await endpoint.close()
    assert not caplog.records


def test_a_cost_is_exact_and_rounded_up() -> None:
    price = Price(input_micro_usd=2_500_000, output_micro_usd=10_000_000)

    assert cost_micro_usd(price, 1_000, 100) == 3_500
    assert cost_micro_usd(price, 1, 0) == 3
    assert cost_micro_usd(price, 0, 0) == 0
