"""The device as TDISP responder: every request with every precondition and error code, and every event that ends a lock."""
