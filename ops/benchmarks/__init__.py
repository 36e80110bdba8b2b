"""Benchmarks of the product, run by hand: `./ops/bench`."""
