"""Other checkers, run on exported models: build, run, and what they found in our terms.

Each module has `missing()` (why the peer cannot be run here; empty when it can) and `run()`.
"""
