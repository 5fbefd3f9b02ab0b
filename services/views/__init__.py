"""The read models, kept up with the store.

views       `Views`: what the rest asks
projector   catches all of them up, each at its own pace
batch       folds and saves one batch, exactly once
progress    checkpoints
reader      read-only connections
"""

from services.views.views import Views

__all__ = ["Views"]
