"""What all of them share: what is sent is taken strictly, what is told is always complete."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import from_json

from domain.vocabulary import MAX_ID_LENGTH

LARGEST: Final = 2**32 - 1
"""Largest limit: clients of the contract read limits as unsigned 32-bit numbers."""
LARGEST_COUNT: Final = 2**40
"""Largest number of anything used."""


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


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold the character NUL")
    return text


def _object(value: Any) -> Any:
    """Take the text of a JSON object, as events carry it, for the object."""
    return from_json(value, allow_inf_nan=False) if isinstance(value, str) else value


Timestamp = Annotated[datetime, AfterValidator(_utc)]
"""RFC 3339, always with `Z`."""
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
