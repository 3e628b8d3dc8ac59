"""Why a verdict is what it is: what a violation is to blame on, and what a proof needs."""
