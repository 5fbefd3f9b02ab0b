"""Finds what broke off or was left behind, mends it by events, and reports (ADR 14)."""

from services.reconciliation.reconciler import RULES, Reconciled, Reconciler

__all__ = ["RULES", "Reconciled", "Reconciler"]
