"""How many lines each part of a picture gets."""

from collections.abc import Sequence


def shares(height: int, wanted: Sequence[int], least: Sequence[int]) -> list[int]:
    """Share lines out: the least of each part first, in their order, then a line each in turn.

    Args:
        height: lines there are.
        wanted: lines each part could fill.
        least: lines below which it is not worth while; with less it gets none.
    """
    given = [0] * len(wanted)
    for part, (wants, needs) in enumerate(zip(wanted, least, strict=True)):
        first = min(wants, needs)
        if first and first <= height:
            given[part] = first
            height -= first
    while height > 0:
        open_ones = [n for n, wants in enumerate(wanted) if 0 < given[n] < wants]
        if not open_ones:
            break
        for part in open_ones[:height]:
            given[part] += 1
        height -= len(open_ones[:height])
    return given
