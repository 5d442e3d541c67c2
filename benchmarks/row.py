"""What a row says about itself, and what a round of it comes to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """title: what is measured. unit: of the figure. goal: what it should be, as it is printed."""

    title: str
    unit: str
    goal: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One round. value: the figure in the row's unit. detail: what else is worth a look."""

    value: float
    detail: str = ""
