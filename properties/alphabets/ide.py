"""What observers see of the IDE stream."""

from __future__ import annotations

from ...model.world.ide import events as e
from ..steps import occurs
from .alphabet import Alphabet, Seen

ALPHABETS = (
    Alphabet(
        "link", "ide",
        "What somebody at the link sees: TLPs in a stream or in none, by direction, sub-stream and T bit; whether the partner takes them, and by "
        "which key set they are protected, is not seen.",
        seen=(
            Seen(occurs(e.tlp_up, reply=None), "TLP of {d} in the stream, upstream, {s}, T={tbit}"),
            Seen(occurs(e.tlp_down, reply=None), "TLP to {d} in the stream, downstream, {s}, T={tbit}"),
            Seen(occurs(e.clear_up, reply=None), "TLP of {d} in the clear, upstream, T={tbit}"),
            Seen(occurs(e.clear_down, reply=None), "TLP to {d} in the clear, downstream, T={tbit}"),
        ),
    ),
    Alphabet(
        "effects", "ide",
        "TLPs that their receiver takes: in the stream, by direction, sub-stream and T bit; in the clear; made up by a switch; read by one.",
        seen=(
            Seen(occurs(e.tlp_up), "the root port takes a TLP of the stream of {d}, {s}, T={tbit}"),
            Seen(occurs(e.tlp_down), "{d} takes a TLP of the stream, {s}, T={tbit}"),
            Seen(occurs(e.clear_up), "the root port takes a TLP of {d} in the clear, T={tbit}"),
            Seen(occurs(e.clear_down), "{d} takes a TLP in the clear, T={tbit}"),
            Seen(occurs(e.inject_tbit), "the root port takes a TLP that a switch made up, T=1"),
            Seen(occurs(e.switch_reads), "a switch reads what {d} sends"),
        ),
    ),
)  # fmt: skip
