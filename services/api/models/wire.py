"""What all of them share: what is sent is taken strictly, what is told is always complete."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)
from pydantic_core import from_json

from domain.vocabulary import MAX_ID_LENGTH

LARGEST: Final = 2**32 - 1
"""Largest limit: clients of the contract read limits as unsigned 32-bit numbers."""
LARGEST_COUNT: Final = 2**40
"""Largest number of anything used."""
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d.*")


class Sent(BaseModel):
    """Comes from a client. No type is bent to fit; unknown fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", use_attribute_docstrings=True)


class Told(BaseModel):
    """Goes to a client. What is absent is null, never left out."""

    model_config = ConfigDict(
        frozen=True, use_attribute_docstrings=True, json_schema_serialization_defaults_required=True
    )


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _rfc3339(given: object) -> object:
    """Refuse what else would do for a time: a bare number, a day."""
    if not isinstance(given, str) or not _RFC3339.fullmatch(given):
        raise ValueError("must be a time as in RFC 3339: 2026-08-01T12:00:00Z")
    return given


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold the character NUL")
    return text


def _object(value: Any) -> Any:
    """Take the text of a JSON object, as events carry it, for the object."""
    return from_json(value, allow_inf_nan=False) if isinstance(value, str) else value


Timestamp = Annotated[datetime, AfterValidator(_utc)]
"""RFC 3339, always with `Z`."""
Instant = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_rfc3339)]
"""A time that is asked about, RFC 3339."""
Text = Annotated[str, AfterValidator(_without_nul)]
"""Any text but NUL, which the read models could not give back as it came."""
Ref = Annotated[str, AfterValidator(_without_nul), Field(max_length=MAX_ID_LENGTH)]
"""A reference to evidence: an event id, or `POSITION#LINES` of an observation."""
Limit = Annotated[int, Field(ge=0, le=LARGEST)]
"""A hard limit."""
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
"""An amount that was used, or is to be."""
Share = Annotated[float, Field(ge=0, le=1)]
"""A confidence or an impact."""
JsonObject = Annotated[dict[str, Any], BeforeValidator(_object)]
"""A free-form JSON object, or its text."""
