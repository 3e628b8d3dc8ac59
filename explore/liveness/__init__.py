"""Liveness under fairness: which promises are kept, and the runs that break the others."""
