"""The link between root port and device, which may delay, reorder and lose TLPs, but never forges one."""
