"""One module per row of the table. Each has a ROW, and `measure()` for one round.

A round runs in a process of its own (`benchmarks.round`) with Django set up and a migrated, empty
database and data directory that are gone afterwards.
"""
