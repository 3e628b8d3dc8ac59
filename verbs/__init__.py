"""The verbs of the command line, one module each: `add` describes its arguments, `run` does it and gives the exit code."""
