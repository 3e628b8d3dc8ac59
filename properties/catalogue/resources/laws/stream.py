"""Laws of the pool of streams, of connecting and of what loses a stream."""

from __future__ import annotations

from .....model.language import after, exists, forall, iff, implies, ite, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.choices.lifecycle import disconnect_bound
from .....model.world.choices.resources import (
    connect_again,
    unbind_from_run,
)
from .....model.world.resources import events as e
from .....model.world.resources.state import Device, Pool, Port, Tdi, Tsm, first_of
from .....model.world.vocabulary import HOST, d, s, t
from ....formulas import Never
from ....property import Kill, Property, Witness
from ....steps import occurs
from ...law import law, possible, step_law, told
from .terms import ERROR, NO_GATES, SECURE, any_of_device, bound, mine, of_device, state

_ENDS = (e.device_disconnect, e.preempt)

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "connecting-takes-one-free-stream-and-all-that-belongs-to-it",
        "Connecting a device that was not connected takes a stream that nobody had and both register blocks; the stream is Secure then.",
        occurs(e.device_connect, d=d, s=s, where=neg(Tsm.connected[d])),
        Device.present[d]
        & (Pool.holder[s] == "none")
        & (after(Pool.holder[s]) == d)
        & after(Tsm.connected[d])
        & after(Port.block[d])
        & after(Device.block[d])
        & (after(Port.link[d]) == "SECURE"),
        (d, s), "TSM", "Linux ide.c; COV 07; P63 §6.33.3", DropUpdate("device", "device_connect", "device.block"),
        witness=occurs(e.device_connect, d=d), protects="host",
    ),
    law(
        "a-connected-device-is-not-connected-again",
        "Connecting a connected device succeeds only where that does nothing, and never fails for want of a stream or of the device.",
        Never(
            (
                occurs(e.device_connect, d=d, where=Tsm.connected[d] & (connect_again != "ok")),
                occurs(e.device_connect, d=d, reply="NO_STREAM", where=Tsm.connected[d] & (connect_again == "ok")),
                occurs(e.connect_fails, d=d, where=Tsm.connected[d]),
            )
        ),
        (d,), "TSM", "Linux TSM core: EBUSY; COV 09; M14", occurs(e.device_connect, d=d, reply=None, where=Tsm.connected[d]),
        DropCheck("tsm_link", "connect_fails", "not connected"), protects="host",
    ),
    told(
        e.device_connect, "ALREADY_CONNECTED", "A host that connects a connected device is told that it is.",
        (d,), "TSM", "Linux TSM core: EBUSY; COV 09", DropCheck("tsm_link", "device_connect", "not connected"),
    ),
    told(
        e.device_connect, "NO_STREAM", "A host that has no stream left is told so.",
        (d,), "root complex", "Linux ide.c; M9", DropCheck("pool", "device_connect", "a stream is free"),
    ),
    Property(
        "want-of-a-stream-is-want-of-all-streams",
        "A host is told that there is no stream only when all streams of the host bridge are taken.",
        Never(
            occurs(
                e.device_connect, d=d, reply="NO_STREAM", where=exists(s, Pool.holder[s] == "none")
            )
        ),
        (d,), "host", "root complex", "Linux ide.c pci_ide_stream_alloc: any free one is taken",
        witness=Witness(occurs(e.device_connect, d=d, reply="NO_STREAM")),
        kill=Kill((DropCondition("pool", "device_connect", 0),), "linux-tsm", {}, {"tvm": 1, "stream": 2}),
    ),
    step_law(
        "ending-a-session-frees-all-of-its-stream",
        "A connected device is disconnected, by whatever name: its stream is free, both register blocks are, and the port has no stream.",
        tuple(occurs(x, d=d) for x in _ENDS),
        Tsm.connected[d]
        & neg(after(Tsm.connected[d]) | after(Port.block[d]) | after(Device.block[d]))
        & (after(Port.link[d]) == "NONE")
        & after(forall(s, Pool.holder[s] != d)),
        (d,), "TSM", "COV 07, COV 09 disconnect_device; Linux ide.c pci_ide_stream_free",
        DropCheck("tsm_link", "device_disconnect", "connected"), protects="host",
    ),
    step_law(
        "what-a-disconnect-does-to-bound-tdis",
        "A disconnect is refused while a TDI is bound, or stops what is bound, or, forced, leaves what was locked in ERROR.",
        tuple(occurs(x, d=d, where=(mine == d)) for x in _ENDS),
        implies(disconnect_bound == "reject", bound[t] == "none")
        & (after(bound[t]) == "none")
        & after(NO_GATES)
        & implies(
            (disconnect_bound == "unbind") & (bound[t] != "none"),
            (after(state[t]) == "CONFIG_UNLOCKED") & ((unbind_from_run == "ok") | (state[t] != "RUN")),
        )
        & implies((disconnect_bound == "force") & Tdi.locked(), after(state[t]) == "ERROR")
        & implies((disconnect_bound == "force") & neg(Tdi.locked()), after(state[t]) == state[t]),
        (d, t), "TSM", "COV 07 against COV 09; AMD: forced disconnect",
        DropCheck("tsm_link", "device_disconnect", "nothing in RUN"), witness=tuple(occurs(x, d=d) for x in _ENDS),
        flow="cove-io", unbind_from_run="refused",
    ),
    possible(
        "a-stopped-tdi-does-not-hold-up-a-disconnect",
        "Where a disconnect stops what is bound, or is forced, a host without policies can have it when no TDI of the device is in RUN.",
        occurs(e.device_disconnect, d=d),
        Tsm.connected[d] & neg(HOST.honest) & (disconnect_bound != "reject") & of_device(state[t] != "RUN"),
        (d,), "TSM", "COV 09 disconnect_device", SwapValue("tsm_link", "device_disconnect", state[t], "RUN", "ERROR"),
        witness=Tsm.connected[d] & any_of_device(state[t] == "ERROR"), flow="cove-io", protects="host",
        unbind_from_run="refused",
    ),
    step_law(
        "whatever-breaks-a-link-makes-its-stream-insecure",
        "IDE switched off or a reset of the device leaves no stream Secure, and makes none where there was none.",
        (occurs(e.ide_off, d=d), occurs(e.device_reset, d=d)),
        (after(Port.link[d]) != "SECURE") & iff(after(Port.link[d]) == "NONE", Port.link[d] == "NONE"),
        (d,), "root complex", "P63 §6.33.8: reset, IDE Fail, Enable cleared",
        DropUpdate("port", "device_reset", "port.link"), witness=occurs(e.device_reset, d=d),
    ),
    step_law(
        "ide-is-switched-off-where-it-is-on",
        "IDE is switched off, or fails, for a device whose stream is Secure; what was locked over it is in ERROR, and nothing else moves.",
        occurs(e.ide_off, d=mine),
        (Port.link[mine] == "SECURE") & (after(state[t]) == ite(Tdi.locked(), ERROR, state[t])),
        (t,), "device", "P63 §6.33.8, §11.4.5", DropCondition("port", "ide_off", 0),
    ),
    step_law(
        "a-reset-of-function-0-loses-the-stream",
        "A function level reset of Function 0 loses the device's stream, and one of another function leaves it alone.",
        occurs(e.function_reset, t=t),
        implies(first_of(t) == t, after(Port.link[mine]) != "SECURE")
        & iff(after(Port.link[mine]) == "NONE", Port.link[mine] == "NONE")
        & implies(first_of(t) != t, after(Port.link[mine]) == Port.link[mine]),
        (t,), "root complex", "P63 §6.33.8", DropUpdate("port", "function_reset", "port.link"),
        witness=occurs(e.function_reset, t=t, where=SECURE),
    ),
)  # fmt: skip
