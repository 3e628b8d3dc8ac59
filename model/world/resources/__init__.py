"""What the host hands out: streams of a pool, devices and TDIs to TVMs, drivers, and what it does when something fails."""
