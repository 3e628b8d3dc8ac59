"""Rules of host bridge and root port: streams, register blocks, and what makes a stream Insecure.

A stream takes three things at once: one of the host bridge's, the register block of the root port, the register
block of the device. They are taken together or not at all, and freed together.
"""

from __future__ import annotations

from ...language import Check, const, for_each, forall, ite, param
from ..vocabulary import DEVICE_PARTY, ROOT_COMPLEX, STREAM, d, device_of, s, t
from . import events as e
from .state import Device, Pool, Port, first_of
from .tsm import CONNECTED_ALREADY, ENDS_SESSION

_holder, _link = Pool.holder, Port.link
_other = param("other", STREAM)
_INSECURE = const("INSECURE", _link[d].sort)

Pool.machine.rule(
    e.device_connect,
    # The host asks for a stream, not for a certain one: it meets a taken one only when all are.
    when=[CONNECTED_ALREADY | (_holder[s] == "none") | forall(_other, _holder[_other] != "none")],
    checks=[Check("a stream is free", CONNECTED_ALREADY | (_holder[s] == "none"), "NO_STREAM", "Linux ide.c; M9")],
    set={_holder[s]: ite(CONNECTED_ALREADY, _holder[s], d)},
    binds=ROOT_COMPLEX,
    cite="Linux ide.c pci_ide_stream_alloc",
)
Port.machine.rule(
    e.device_connect,
    set={Port.block[d]: True, _link[d]: ite(CONNECTED_ALREADY, _link[d], "SECURE")},
    binds=ROOT_COMPLEX,
    cite="Linux ide.c; COV 07",
)
Device.machine.rule(
    e.device_connect,
    set={Device.block[d]: True},
    binds=DEVICE_PARTY,
    cite="Linux ide.c; P63 §6.33.3, §7.9.26",
)
Device.machine.rule(e.connect_fails, binds=DEVICE_PARTY, cite="P63 §6.33.3: no key set is acknowledged")
for _event in ENDS_SESSION:
    Pool.machine.rule(
        _event,
        each=[for_each(s, _holder[s], ite(_holder[s] == d, "none", _holder[s]))],
        binds=ROOT_COMPLEX,
        cite="Linux ide.c pci_ide_stream_free",
    )
    Port.machine.rule(
        _event, set={Port.block[d]: False, _link[d]: "NONE"}, binds=ROOT_COMPLEX, cite="COV 07; Linux ide.c stream_teardown"
    )
    Device.machine.rule(
        _event,
        set={Device.block[d]: False},
        binds=DEVICE_PARTY,
        cite="COV 07: K_SET_STOP and END_SESSION, if the device is there; TDX stream block needs no device",
    )

# --- A device comes or goes -------------------------------------------------------------------------------------------
Device.machine.rule(
    e.hot_plug,
    when=[~Device.present[d]],
    set={Device.present[d]: True},
    binds=DEVICE_PARTY,
    cite="P63 §6.7: hot plug",
)
for _event in (e.hot_unplug, e.surprise_removal):
    Device.machine.rule(
        _event,
        when=[Device.present[d]],
        set={Device.present[d]: False, Device.block[d]: False},
        binds=DEVICE_PARTY,
        cite="P63 §6.7; the registers go with the device",
    )

# --- A stream becomes Insecure ----------------------------------------------------------------------------------------
for _event, _when in (
    (e.hot_unplug, []), (e.surprise_removal, []), (e.device_reset, []), (e.ide_off, [_link[d] == "SECURE"]),
):  # fmt: skip
    Port.machine.rule(
        _event,
        when=_when,
        set={_link[d]: ite(_link[d] == "SECURE", _INSECURE, _link[d])},
        binds=ROOT_COMPLEX,
        cite="P63 §6.33.8: link down, reset, IDE Fail, Enable cleared",
    )
_mine = device_of(t)
Port.machine.rule(
    e.function_reset,
    set={_link[_mine]: ite((first_of(t) == t) & (_link[_mine] == "SECURE"), _INSECURE, _link[_mine])},
    binds=ROOT_COMPLEX,
    cite="P63 §6.33.8: a reset of Function 0 takes the streams with it, one of another function does not",
)
