"""tdisprove."""
