"""What the verbs for implementations share: which one, how it is reached, which protocol, which readings are decided."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..explore.conformance.adapters import Broken, Setup, adapter_from
from ..explore.conformance.adapters.adapter import Subject
from ..explore.conformance.adapters.configure import STARTS
from ..explore.conformance.adapters.process import ENVELOPES
from ..explore.conformance.adapters.socket import Framing
from ..explore.conformance.alphabet import Alphabet
from ..explore.conformance.protocols import GUEST, PROTOCOLS, alphabet_for, subject_of
from ..model.flows.flow import parse_knob
from ..model.language import ModelError, Value
from . import options

_SPEC = (
    "the implementation: reference, mutant:LABEL, python:FILE.py:NAME, exec:COMMAND, tcp:HOST:PORT, unix:PATH, lib:PATH:SYMBOL, or a "
    "TOML file with a table [adapter]"
)


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("--adapter", required=True, metavar="ADAPTER", help=_SPEC)
    p.add_argument("--protocol", choices=PROTOCOLS, default="tdisp", help="what it speaks (default: %(default)s)")
    p.add_argument(
        "--set", action="append", default=[], metavar="KNOB=VALUE", help="decide an open point of the specification"
    )
    p.add_argument("--reply-timeout", type=float, metavar="SECONDS", help="how long to wait for an answer (default: 2)")
    p.add_argument("--envelope", choices=ENVELOPES, help="what surrounds messages to a child process (default: none)")
    p.add_argument("--framing", choices=[f.value for f in Framing], help="what goes over a socket (default: doe)")
    p.add_argument("--signature", metavar="ARGS", help="the arguments of the library's function, in order")
    p.add_argument("--start", choices=STARTS, help="what there is after a reset (default: fresh, nothing)")
    p.add_argument(
        "--controls", metavar="NAME[,NAME…]", help="what can be caused from outside, if the implementation does not say so"
    )
    p.add_argument("--single-session", action="store_true", help="a second SPDM session ends the first")
    p.add_argument("-q", "--quiet", action="store_true", help="no progress")
    options.add_format(p)


def refuse_for_guests(args: argparse.Namespace) -> None:
    """Raises `ModelError` for what is said of a responder only."""
    for name in ("envelope", "framing", "signature", "start"):
        if getattr(args, name) is not None:
            raise ModelError(f"--{name}: a guest has none; leave it out with --side {GUEST}")
    if args.single_session:
        raise ModelError(f"--single-session: a guest has no sessions to serve; leave it out with --side {GUEST}")
    if args.protocol != PROTOCOLS[0]:
        raise ModelError(
            f"--protocol {args.protocol}: a guest speaks neither protocol itself; leave it out with --side {GUEST}"
        )


@contextmanager
def reached(args: argparse.Namespace) -> Iterator[tuple[Setup, Subject]]:
    """The implementation, which is let go afterwards."""
    setup = adapter_from(
        args.adapter,
        timeout=args.reply_timeout,
        envelope=args.envelope,
        framing=args.framing,
        signature=args.signature,
        start=args.start,
        controls=tuple(args.controls.split(",")) if args.controls else None,
        multi_session=False if args.single_session else None,
    )
    adapter = subject_of(args.protocol, setup, decided(args))
    try:
        yield setup, adapter
    except Broken as e:
        raise ModelError(f"adapter {setup.subject}: it was reached, and then not any more: {e}") from None
    finally:
        adapter.close()


def decided(args: argparse.Namespace) -> Mapping[str, Value]:
    """The open points that were decided on the command line."""
    return dict(parse_knob(s) for s in args.set)


def alphabet(args: argparse.Namespace, setup: Setup, adapter: Subject) -> Alphabet:
    return alphabet_for(args.protocol, setup, adapter.controls, decided(args))
