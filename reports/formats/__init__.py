"""Results and traces as text for other programs: CI systems, code scanners, trace viewers, other checkers.

The same results give the same bytes: nothing in here knows the time, the machine or the order of a dictionary's memory.
"""
