"""Why a view was not built anew; the one that is read stays in use.

NotRebuilt
├── RebuiltElsewhere    somebody else is at it
├── StillNeeded         what others made in the database depends on its table
├── StopsSooner         it can't take in what the old one did
└── Differs             its rows are others, and it was asked to compare
"""

from collections.abc import Sequence

from projections.view import View
from services.views.by_partition import PartitionProgress


class NotRebuilt(Exception):
    """A view stays as it is."""


class RebuiltElsewhere(NotRebuilt):
    """Somebody else is building this view anew."""

    code = "rebuilt_elsewhere"

    def __init__(self, view: View) -> None:
        super().__init__(f"the view {view.name} is being rebuilt by another process: let it end")


class StillNeeded(NotRebuilt):
    """What others made in the database depends on the view's table, which can't be replaced."""

    code = "still_needed"

    def __init__(self, view: View, dependents: Sequence[str]) -> None:
        named = " and ".join(dependents)
        self.found = f"the view {view.name} can't be replaced while {named} depends on {view.table}"
        self.remedy = "drop that, let the view be rebuilt, then make it again"
        super().__init__(f"{self.found}: {self.remedy}")


class StopsSooner(NotRebuilt):
    """A view built anew can't take in what the old one did."""

    code = "stops_sooner"

    def __init__(self, view: View, part: PartitionProgress) -> None:
        super().__init__(
            f"the view {view.name} stays as it is: built anew, it stops in partition"
            f" {part.partition} after position {part.position}, which the one in use does not"
            f" ({part.error})"
        )


class Differs(NotRebuilt):
    """A view built anew by the same program from the same events has other rows."""

    code = "differs"

    def __init__(self, view: View) -> None:
        super().__init__(
            f"the view {view.name} stays as it is: built anew, it has other rows than the one in"
            " use; without --check the new one takes its place"
        )
