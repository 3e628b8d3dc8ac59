"""Streams of a finite pool, and what connecting a device means."""

from __future__ import annotations

from ....model.language import FALSE, Check, after, exists, forall, iff, implies
from ....model.language.mutate import AddCheck, DropCheck, DropUpdate, SetUpdate
from ....model.world.resources import events as e
from ....model.world.resources.state import Device, Pool, Port, Tdi, Tsm
from ....model.world.vocabulary import d, device_of, s, t, v
from ...formulas import Invariant, Sometimes
from ...property import Kill, Property, Witness
from ...steps import occurs
from ..promise import only_if

HOLDS_A_STREAM = exists(s, Pool.holder[s] == d)

PROPERTIES = (
    Property(
        id="streams-are-not-overcommitted",
        says="Every root port that uses a stream has one of the host bridge's streams to itself.",
        formula=Invariant(implies(Port.block[d], HOLDS_A_STREAM)),
        over=(d,),
        protects="host",
        binds="root complex",
        cite="Linux ide.c pci_ide_stream_alloc; M9",
        if_violated="Two devices use what is there once. Key slots of one are overwritten by the other.",
        if_holds="Never are more streams in use than the host bridge has. Whoever comes too late is told so.",
        witness=Witness(Port.block[d]),
        kill=Kill((DropCheck("pool", "device_connect", "a stream is free"),), "linux-tsm"),
    ),
    Property(
        id="stream-is-freed-exactly-with-its-device",
        says="A stream of the host bridge is allocated to a device exactly while the device is connected.",
        formula=Invariant(iff(HOLDS_A_STREAM, Tsm.connected[d])),
        over=(d,),
        protects="host",
        binds="host",
        cite="Linux ide.c pci_ide_stream_free; Linux TSM core connect, disconnect",
        if_violated="A stream leaks with its device, or a connected device has lost its own. The pool runs dry, or the TSM trusts a link that is somebody else's.",
        if_holds="Disconnecting always gives the stream back, and nothing else does. Neither removal nor death of a TVM leaks one.",
        witness=Witness(Tsm.connected[d]),
        kill=Kill((DropUpdate("pool", "device_disconnect", "pool.holder"),), "linux-tsm"),
    ),
    Property(
        id="register-blocks-go-with-the-stream",
        says="A device's register block for its stream is in use only together with the root port's and a stream of the host bridge.",
        formula=Invariant(implies(Device.block[d], Port.block[d] & HOLDS_A_STREAM)),
        over=(d,),
        protects="host",
        binds="host",
        cite="Linux ide.c pci_ide_stream_alloc: three resources, all or none",
        if_violated="One end of a stream stays programmed when the other is gone. The next device of that port finds somebody else's settings.",
        if_holds="The three parts of an allocation come and go in one piece. No half of a stream is left.",
        witness=Witness(Device.block[d]),
        kill=Kill((DropUpdate("device", "device_disconnect", "device.block"),), "linux-tsm"),
    ),
    Property(
        id="secure-stream-ends-in-its-device",
        says="A root port takes a stream for Secure only while the very device is there whose registers were programmed for it.",
        formula=Invariant(implies(Port.link[d] == "SECURE", Device.present[d] & Device.block[d])),
        over=(d,),
        protects="guest",
        binds="root complex",
        cite="P63 §6.33.8: link down makes every stream of the link Insecure",
        if_violated="A device that is plugged in after a removal speaks over its predecessor's stream. What the TVM accepted is not what answers.",
        if_holds="What takes the place of a removed device inherits no stream. It has to be connected, and accepted, for itself.",
        witness=Witness(Port.link[d] == "SECURE"),
        kill=Kill((DropUpdate("port", "surprise_removal", "port.link"),), "linux-tsm"),
    ),
    only_if(
        "connecting-twice-changes-nothing",
        "Asking to connect a connected device, granted or refused, changes neither its stream nor the state of the link.",
        occurs(e.device_connect, reply=None, d=d, s=s, where=Tsm.connected[d]),
        (after(Pool.holder[s]) == Pool.holder[s]) & (after(Port.link[d]) == Port.link[d]) & after(Tsm.connected[d]),
        over=(d, s), protects="host", binds="TSM", cite="Linux TSM core: EBUSY; M14: a second connect",
        if_violated="A second connect takes a second stream, or makes a lost link look Secure. TDIs that were locked before hang on keys that are gone.",
        if_holds="Connect can be repeated without harm. Only disconnecting and connecting again renews a stream.",
        kill=Kill((SetUpdate("port", "device_connect", Port.link[d], "SECURE"),), "linux-tsm", {"connect_again": "ok"}),
    ),
    Property(
        id="bind-needs-connect",
        says="A TDI is bound only while its device is connected.",
        formula=Invariant(implies(Tsm.bound[t] != "none", Tsm.connected[device_of(t)])),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="M13: connect is of the physical function, bind of the TDI; COV 09; Linux TSM core",
        if_violated="A TDI is bound over a link that nobody protects. Everything that the guest verifies about it is void.",
        if_holds="Bind without connect is refused, and disconnect leaves nothing bound. A bound TDI always has a session of the TSM behind it.",
        witness=Witness(Tsm.bound[t] != "none"),
        kill=Kill((DropCheck("tsm", "tdi_bind", "connected"), DropCheck("tdi", "tdi_bind", "keys")), "linux-tsm"),
    ),
    only_if(
        "private-dma-only-bound-and-over-a-secure-stream",
        "A request of a TDI takes effect on private memory only of the TVM that it is bound to, and only over a Secure stream.",
        occurs(e.dma, t=t, v=v), (Tsm.bound[t] == v) & (Port.link[device_of(t)] == "SECURE") & (Tdi.state[t] == "RUN"),
        over=(t, v), protects="guest", binds="root complex", cite="P63 §11.2.1, §11.5; M6: a warning is no protection",
        if_violated="Something in the host's policy or order of work decides about private memory. The policy has become part of what the guest must trust.",
        if_holds="Whatever the host does when IDE fails, whom it preempts and in which order it closes, private memory stays shut. Host policy is about service only.",
        kill=Kill(
            (
                DropCheck("gate", "dma", "over a Secure stream"),
                DropCheck("tdi", "dma", "over a Secure stream"),
                DropUpdate("tdi", "ide_off", "tdi.state"),
            ),
            "linux-tsm",
        ),
    ),
    Property(
        id="connected-and-never-bound",
        says="A device can be connected, its stream Secure, while nothing of it is bound and nothing is locked.",
        formula=Sometimes(
            (Port.link[d] == "SECURE")
            & forall(t, (device_of(t) == d).implies((Tsm.bound[t] == "none") & (Tdi.state[t] == "CONFIG_UNLOCKED")))
        ),
        over=(d,),
        protects="host",
        cite="M1, M13, M16: IDE without TDISP",
        kill=Kill((AddCheck("pool", "device_connect", Check("never", FALSE)),), "ide-only"),
    ),
)  # fmt: skip
