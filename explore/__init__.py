"""Every way of finding out."""
