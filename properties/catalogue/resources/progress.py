"""Who waits for a device gets it in the end, or not: that depends on the host's policy, and on who gives up a stream."""

from __future__ import annotations

from ....model.language.mutate import DropUpdate
from ....model.world.resources import events as e
from ....model.world.resources.state import Host, Tsm
from ....model.world.vocabulary import d, device_of, t, v
from ...formulas import Fair, LeadsTo
from ...property import Kill, Property, Witness
from ...steps import occurs

_GRANTED = (Tsm.bound[t] == v) | ~Host.bind_requested(v, t)
_FAIRNESS = (
    Fair(
        occurs(e.device_connect, where=device_of(t) == d), strong=True,
        why="the host connects the device again and again if it can again and again",
    ),
    Fair(occurs(e.tdi_bind, t=t, v=v), strong=True, why="and binds the TDI likewise"),
    Fair(
        occurs(e.device_disconnect, where=device_of(t) != d), strong=True,
        why="and likewise takes back the stream of a device of which nothing is bound",
    ),
    Fair(occurs(e.device_disconnect, where=device_of(t) == d), why="a device whose stream is lost is disconnected, to be connected anew"),
    Fair(occurs(e.tdi_unbind, t=t), why="and a TDI that stays bound without it is unbound"),
    Fair(
        occurs(e.preempt, where=device_of(t) != d), strong=True, why="and takes another device's stream where its policy allows it"
    ),
)  # fmt: skip

PROPERTIES = (
    Property(
        id="a-waiting-bind-is-granted-in-the-end",
        says="A TVM that waits for a TDI gets it in the end, or no longer waits, if the host does what it can for it again and again.",
        formula=LeadsTo(Host.bind_requested(v, t), _GRANTED, _FAIRNESS),
        over=(v, t),
        protects="guest",
        binds="host",
        cite="M9: who wins when we run out of streams",
        if_violated="A TVM can wait for ever, though nobody is hostile in what is assumed: another TVM holds the last stream and never gives it up. First come, first served starves whoever comes second.",
        if_holds="Whoever waits is served in the end. The pool's size costs time, not access.",
        witness=Witness(Host.bind_requested(v, t), {"host": "honest"}),
        kill=Kill(
            (DropUpdate("tsm", "tdi_bind", "tsm.bound"),),
            "linux-tsm",
            {"host": "honest", "stream_preempt": "bound"},
            {"tvm": 1},
        ),
    ),
)
