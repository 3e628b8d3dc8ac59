"""Slots, nonces, and what CMA that the host proxies is worth."""

from __future__ import annotations

from ....model.language.mutate import DropCheck
from ....model.world.spdm import events as e
from ....model.world.spdm.state import Host, Tsm
from ...formulas import Never
from ...property import Kill, Property, Witness
from ...steps import occurs

PROPERTIES = (
    Property(
        id="one-slot-for-certificates-session-and-measurements",
        says="The certificates that the TSM read, its session and the measurements for the guest are all of one slot.",
        formula=Never(occurs(e.measure, where=e.other | Tsm.other_slot)),
        protects="guest",
        cite="M4, M14: the slot is chosen at connect; AMD DEV_CONNECT cert_slot",
        if_violated="The guest verifies a chain with which neither session nor measurement was signed. It approves one identity and uses another.",
        if_holds="One slot, chosen at connect, stands for the device. What the guest verifies is what signed.",
        witness=Witness(occurs(e.measure)),
        kill=Kill((DropCheck("tsm", "measure", "one slot"),), "linux-tsm"),
    ),
    Property(
        id="the-tsms-measurements-are-not-replayed",
        says="The measurements that the TSM takes for the guest are not an earlier answer, of firmware that no longer runs.",
        formula=Never(occurs(e.measure, source="replay", where=Host.transcript == "stale")),
        protects="guest",
        cite="M2, M3; DSP0274 GET_MEASUREMENTS; TF-RMM: an all-zero nonce, inside the session",
        if_violated="The host keeps a signed answer, updates the firmware and hands the answer out again. Outside of a session only the nonce could tell.",
        if_holds="Session or nonce tells an old answer from a new one. One of the two is enough.",
        witness=Witness(occurs(e.measure)),
        kill=Kill((DropCheck("tsm", "measure", "answers this request"),), "linux-tsm", {"measure_over": "clear"}),
    ),
    Property(
        id="proxied-cma-is-not-replayed",
        says="What a guest sees of a device by CMA is not an earlier answer, of firmware that no longer runs.",
        formula=Never(occurs(e.guest_authenticate, source="replay", where=Host.transcript == "stale")),
        protects="guest",
        cite="M7, M10: a guest's access is always proxied by the host; DSP0274 CHALLENGE",
        if_violated="The host answers from memory and the guest cannot tell. Its nonce was none.",
        if_holds="The nonce is the guest's own and new, so that an old answer does not verify. The host can only fail to deliver.",
        witness=Witness(occurs(e.guest_authenticate)),
        kill=Kill((DropCheck("guest", "guest_authenticate", "signed with its nonce"),), "cma-only"),
    ),
    Property(
        id="proxied-cma-is-of-the-assigned-device",
        says="What a guest sees by CMA comes from the very device that it was given.",
        formula=Never(occurs(e.guest_authenticate, source="other_device")),
        protects="guest",
        cite="M10, M11: evidence by CMA alone opens no private gate",
        if_violated="The host relays a genuine device of the same make that is elsewhere, and the guest gets another. A nonce does not help, since nothing ties the mailbox to the functions and their memory.",
        if_holds="There is no CMA by a guest here, or something ties it to the device. Then it would be evidence.",
        witness=Witness(occurs(e.guest_authenticate)),
    ),
)
