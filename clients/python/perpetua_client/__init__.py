"""A client of Perpetua for agents that think elsewhere, whatever they are made with."""

from .answers import Event, Persona, Placed, Proposal, is_decided
from .client import AsyncClient, Budget, Client
from .errors import BudgetExhausted, Conflict, NotAllowed, NotFound, PerpetuaError, Unavailable

__all__ = [
    "AsyncClient", "Budget", "BudgetExhausted", "Client", "Conflict", "Event", "NotAllowed",
    "NotFound", "PerpetuaError", "Persona", "Placed", "Proposal", "Unavailable", "is_decided",
]  # fmt: skip
