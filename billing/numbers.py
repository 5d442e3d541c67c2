from bizsuite.numbering.numbers import next_numbers

__all__ = ["next_numbers"]
