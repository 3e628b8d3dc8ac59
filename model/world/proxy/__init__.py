"""The message level: the host carries the messages between TSM, guest and device, and drops, delays, replays or misroutes them."""
