"""Parameters that reading endpoints share."""

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, Field

from domain.vocabulary import MAX_ID_LENGTH


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable")
    return text


Word = Annotated[str, Field(max_length=256), AfterValidator(_printable)]
"""A word to filter by."""
Limit = Annotated[int, Query(ge=1, le=1_000, description="Most of them.")]
"""How many to list."""
After = Annotated[
    Annotated[str, Field(max_length=MAX_ID_LENGTH), AfterValidator(_printable)] | None,
    Query(description="Id of the last one of the page before."),
]
"""Where a page goes on."""
