"""Every way of showing it."""
