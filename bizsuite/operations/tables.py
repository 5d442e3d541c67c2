"""Tables as operators read them in a terminal."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], *, figures: Sequence[int]) -> list[str]:
    """Lines of columns of one width, the last as long as it is.

    figures: the numbers of the columns, from 0, that stand to the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if index in figures else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
