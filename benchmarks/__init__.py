"""How fast the product is, on the machine at hand: `make bench`. See docs/benchmarks.md."""
