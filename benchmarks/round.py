"""One round of one row: `python -m benchmarks.round NAME`. Prints what it came to as JSON.

The environment says where: see `benchmarks.installations`.
"""

import dataclasses
import importlib
import json
import sys

import django


def main() -> None:
    django.setup()
    module = importlib.import_module(f"benchmarks.rows.{sys.argv[1]}")
    measured = module.measure()
    print(json.dumps({"row": dataclasses.asdict(module.ROW), **dataclasses.asdict(measured)}))


if __name__ == "__main__":
    main()
