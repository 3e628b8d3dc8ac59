"""Modules of the tests that other tests import, and what every test may rely on."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

# A shell that runs the tests in the background has them, and what they start, ignore Ctrl-C; some test what it does.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
