"""How long answers take, in buckets whose bounds grow by a fixed factor.

A histogram of them is small, two are added by adding counts, and any percentile of it is right
to within 2.5 %, whatever the answers looked like (the idea of DDSketch, Masson et al., VLDB 2019).
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

# Bucket b holds what is over GROWTH**(b - 1) and at most GROWTH**b milliseconds.
GROWTH = 1.05


class Latencies(Counter[int]):
    """How many answers fell into each bucket."""

    @classmethod
    def stored(cls, buckets: Mapping[str, int]) -> "Latencies":
        """From the database, where JSON makes keys of text."""
        return cls({int(bucket): count for bucket, count in buckets.items()})

    def storable(self) -> dict[str, int]:
        return {str(bucket): self[bucket] for bucket in sorted(self)}

    def add(self, durations_ms: Iterable[int]) -> None:
        self.update(map(bucket_of, durations_ms))

    def percentile(self, percent: int) -> int | None:
        """The time in ms within which `percent` of the answers came; None if there were none."""
        rank = math.ceil(self.total() * percent / 100)
        reached = 0
        for bucket in sorted(self):
            reached += self[bucket]
            if reached >= rank:
                return milliseconds_of(bucket)
        return None


def bucket_of(duration_ms: int) -> int:
    """The bucket of a duration; what took less than a millisecond counts as one."""
    return math.ceil(math.log(max(duration_ms, 1), GROWTH))


def milliseconds_of(bucket: int) -> int:
    """What stands for a bucket: the number that is equally far, in per cent, from both bounds."""
    return round(2 * GROWTH**bucket / (GROWTH + 1))
