"""Reconciliation: what broke off or was left behind, found, and mended by events."""

from fastapi import APIRouter

from services.api.body import JsonRoute
from services.api.calls import Commanding, Reading
from services.api.models.reconciliation import Reconciliation, reconciliation
from services.api.responses import REFUSED
from services.reconciliation.rule import Asking

router = APIRouter(prefix="/v1/reconciliation", tags=["operations"], route_class=JsonRoute)


@router.get("")
async def look(call: Reading) -> Reconciliation:
    """Show what there is to mend; nothing is done."""
    asking = Asking(call.principal.actor, call.correlation_id, by_person=True)
    return reconciliation(await call.read(lambda: call.app.reconciler.look(asking)))


@router.post("", responses=REFUSED)
async def reconcile(call: Commanding) -> Reconciliation:
    """Mend what can be mended, and tell what was found; for operators."""
    asking = Asking(call.principal.actor, call.correlation_id, by_person=True)

    async def act() -> Reconciliation:
        told = await call.read(lambda: call.app.reconciler.mend(asking))
        await call.catch_up()
        return reconciliation(told)

    return await call.run_long(act, Reconciliation)
