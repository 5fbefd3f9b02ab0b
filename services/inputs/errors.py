"""What can be wrong with an input.

UnreadableInput: it can't be read (at all, or any further).
└── BrokenInput: what it holds is broken from some place on; what came before is good.
"""


class UnreadableInput(Exception):
    """An input can't be read; the message says which, why and what to do."""


class BrokenInput(UnreadableInput):
    """An input is broken; what could be read was given before."""
