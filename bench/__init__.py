"""Benchmarks against other checkers, on the models that `tdisprove export` writes for them."""
