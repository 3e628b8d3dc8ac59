"""The IDE stream in full: per port, key set, direction and sub-stream, with IDE_KM, key refresh and what makes it Insecure."""
