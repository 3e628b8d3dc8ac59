"""Reductions: smaller searches with the same verdicts, depths and (mapped back) traces."""
