"""The channel: the link between root port and device, on which TLPs are delayed, reordered and lost, and never forged."""
