"""What a token costs, by model: list prices in `prices.toml`, or as the settings say."""

import logging
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from services.cognition.openai.settings import Price

logger = logging.getLogger(__name__)

FILE: Final = Path(__file__).with_name("prices.toml")
A_MILLION: Final = 1_000_000


@cache
def table() -> dict[str, Price]:
    """Return the prices known, by what a model's name begins with."""
    listed = tomllib.loads(FILE.read_text("utf-8"))["models"]
    return {name: Price(**price) for name, price in listed.items()}


def price_of(model: str) -> Price | None:
    """Return the price of a model: that of the longest beginning of its name that is listed.

    A name that begins with its vendor's, `openai/gpt-4.1`, is looked up without it.
    """
    name = model.lower().rpartition("/")[2]
    known = [each for each in table() if name == each or name.startswith(f"{each}-")]
    return table()[max(known, key=len)] if known else None


def price_or_none_said(model: str, given: Price | None) -> Price:
    """Return what a model costs; where nobody knows, nothing, and that is said."""
    price = given or price_of(model)
    if price is None:
        logger.warning(
            "no price is known: cost counts as 0; set `price` of the thinker",
            extra={"model": model},
        )
        return Price(input_micro_usd=0, output_micro_usd=0)
    return price


def cost_micro_usd(price: Price, read: int, written: int) -> int:
    """Return the price of a call in millionths of a US dollar, rounded up."""
    return -(-(read * price.input_micro_usd + written * price.output_micro_usd) // A_MILLION)
