"""The explorer: one HTML page with the matrix, every verdict with its evidence, and every run with a stepper.

The page needs nothing else, neither a network nor a server. What it says of the world it carries as data, which its script
writes as text; a content security policy lets no other script run.
"""
