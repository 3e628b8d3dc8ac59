"""Scenario files: flows and policies of the user's own."""
