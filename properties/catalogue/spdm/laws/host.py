"""Laws of the host's operating system: the mailbox, CMA, replays, and what an honest one leaves alone."""

from __future__ import annotations

from .....model.language import after, implies, neg
from .....model.language.mutate import (
    DropCheck,
    DropCondition,
    DropUpdate,
    SwapValue,
)
from .....model.world.choices.spdm import (
    claim,
    guest_cma,
    has_tsm,
    measure_over,
)
from .....model.world.spdm import events as e
from .....model.world.spdm.state import Host, Responder, Stream, Tsm
from .....model.world.vocabulary import HOST
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import law, possible, step_law
from .terms import FAILED_CONNECTS, fresh, none_bound

_MISCHIEF = (
    e.get_version, e.key_exchange_in_the_middle, e.host_session, e.host_end_session, e.host_query, e.host_key_prog,
    e.key_prog_in_clear, e.host_lock, e.host_start, e.host_stop, e.garbled,
)  # fmt: skip

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "the-mailbox-is-claimed-once-and-given-back",
        "The mailbox is claimed by whoever has not got it, and given back only after unbind, where a delayed connect needs it after disconnect.",
        (occurs(e.claim_ownership), occurs(e.return_ownership)),
        (after(Host.claimed) != Host.claimed)
        & implies(Host.claimed, none_bound | neg(HOST.honest))
        & implies(Host.claimed & (claim == "delayed") & HOST.honest, fresh),
        (), "host", "Linux PCI/CMA series: pci_cma_claim_ownership, pci_cma_return_ownership; M4",
        DropUpdate("host", "return_ownership", "host.claimed"), witness=occurs(e.return_ownership), flow="cma-only",
        protects="host",
    ),
    step_law(
        "a-failed-connect-gives-the-mailbox-back",
        "A connect that claims the mailbox gives it back when it fails, unless TDIs are still bound.",
        FAILED_CONNECTS, implies((claim == "connect") & none_bound, neg(after(Host.claimed))),
        (), "host", "M4: pci_cma_return_ownership",
        DropUpdate("host", "key_exchange_in_the_middle/AUTH_FAILED", "host.claimed"), flow="linux-tsm", protects="host",
        claim="connect",
    ),
    step_law(
        "native-cma-tells-sysfs",
        "Without a TSM, sysfs calls a device authenticated after CMA has succeeded, and no longer after a reset.",
        (occurs(e.cma_authenticate), occurs(e.conventional_reset)),
        has_tsm | (after(Host.authenticated) == (after(Responder.connection) == "AUTHENTICATED")),
        (), "host", "Linux PCI/CMA series; Linux ABI sysfs-bus-pci: authenticated",
        DropUpdate("host", "cma_authenticate", "host.authenticated"), witness=occurs(e.cma_authenticate), flow="cma-only",
        protects="host",
    ),
    law(
        "what-the-host-carries-in-the-clear-it-keeps",
        "Signed measurements that pass the host outside of a session are the host's to replay, and after an update they are old.",
        Never(
            (
                occurs(e.guest_authenticate, source="device", where=after(Host.transcript) != "current"),
                occurs(e.measure, source="device", where=(measure_over == "clear") & (after(Host.transcript) != "current")),
                occurs(e.cma_authenticate, where=guest_cma & (after(Host.transcript) != "current")),
                occurs(e.fw_update, where=after(Host.transcript) == "current"),
            ),
        ),
        (), "host", "M2, M3; DSP0274 GET_MEASUREMENTS", occurs(e.guest_authenticate, source="device"),
        DropUpdate("host", "guest_authenticate", "host.transcript"), flow="cma-only",
    ),
    step_law(
        "nothing-is-replayed-that-was-not-seen",
        "The host replays only measurements that it has seen, and an honest host replays none.",
        (occurs(e.measure, source="replay", reply=None), occurs(e.guest_authenticate, source="replay")),
        (Host.transcript != "none") & neg(HOST.honest),
        (), "host", "M2, M3; DSP0274: signatures are not forged", DropCondition("host", "measure", 0),
        witness=occurs(e.measure, source="replay", reply=None), measure_over="clear",
    ),
    law(
        "an-honest-host-relays-the-device-itself",
        "An honest host relays the answers of the very device that was asked.",
        Never(tuple(occurs(x, reply=None, where=HOST.honest & (e.source != "device")) for x in (e.measure, e.guest_authenticate))),
        (), "host", "M2, M3, M10", occurs(e.measure), DropCheck("host", "measure", "relays what the device says"),
        host="honest",
    ),
    law(
        "an-honest-host-leaves-the-tsms-device-alone",
        "An honest host sends nothing of its own to a device that a TSM drives.",
        Never(tuple(occurs(x, reply=None, where=HOST.honest) for x in _MISCHIEF)),
        (), "host", "M4; threat model", Tsm.in_contact | neg(has_tsm), DropCheck("host", "garbled", "refrains"),
        host="honest",
    ),
    law(
        "an-honest-host-disables-the-stream-last",
        "An honest host clears the enable bits of the stream only after the TSM has disconnected.",
        Never(occurs(e.ide_fail, where=HOST.honest & neg(fresh))),
        (), "host", "AMD host driver: the enable bits are cleared last", Stream.state == "SECURE",
        DropCheck("host", "ide_fail", "disconnected"), host="honest",
    ),
    possible(
        "what-is-left-of-a-stream-can-be-taken-down",
        "A Secure stream that a disconnect has left behind can be taken down by the host.",
        occurs(e.ide_fail), (Stream.state == "SECURE") & fresh,
        (), "host", "AMD host driver: the enable bits are cleared last; P63 §6.33.8",
        SwapValue("host", "ide_fail", Tsm.phase, "disconnected", "negotiated"), witness=(Stream.state == "SECURE") & fresh,
        flow="ide-only", host="honest", protects="host",
    ),
)  # fmt: skip
