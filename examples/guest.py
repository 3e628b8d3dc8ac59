"""A guest driver behind lines on stdin and stdout: a shim to start from, here around the reference driver of the tool.

    tdisprove fuzz --side guest --adapter "exec:python3 examples/guest.py"
    FAULT=last-range-decides tdisprove fuzz --side guest --adapter "exec:python3 examples/guest.py" --faults 1

Replace `GuestDriver` by your own driver: one method for each request of its user, which calls the platform through ``call`` and returns
whether the request was granted.
"""

import os
import sys

from tdisprove.explore.conformance.requester import GUEST_MUTANTS, GuestDriver
from tdisprove.explore.conformance.requester.calls import Answer, Call

make = GUEST_MUTANTS[os.environ["FAULT"]].make if "FAULT" in os.environ else GuestDriver


def say(line: str) -> None:
    print(line, flush=True)


def values(words: list[str]) -> dict[str, str]:
    return dict(w.split("=", 1) for w in words)


def call(asked: Call) -> Answer:
    """Ask the platform, and wait for its answer."""
    say(f"call {asked}")
    _, status, *words = sys.stdin.readline().split()
    return Answer(status, values(words))


driver: GuestDriver | None = None
for line in sys.stdin:
    verb, *words = line.split()
    if verb == "controls":
        say(" ".join(GuestDriver.controls))
    elif verb == "reset":
        driver = make(values(words))
        say("ok")
    elif verb == "do" and driver is not None:
        say(f"done {driver.do(words[0], call)}")
    else:
        say("no")
