"""Rules of the host and of a guest whose CMA it proxies."""

from __future__ import annotations

from ...language import FALSE, Check, Operand, Term, const, exists, ite, neg
from ..choices.spdm import claim, guest_cma, has_tsm, measure_over, requester_nonce
from ..vocabulary import EPOCH, GUEST, HOST, t
from . import events as e
from .endings import FRESH_CONNECT
from .state import Guest, Host, Responder, Tsm

_MINE = Host.machine
_claimed, _authenticated, _transcript = Host.claimed, Host.authenticated, Host.transcript
_KEEPS_TRANSCRIPTS = guest_cma | (measure_over == "clear")
_CURRENT = const("current", EPOCH)

# --- What the operating system does for the TSM ---------------------------------------------------------------------
_AT_PASSTHROUGH = claim.in_("passthrough", "delayed")
_MINE.rule(
    e.device_connect,
    checks=[Check("claimed first", (claim == "delayed").implies(_claimed), cite="M4: delay connect until passthrough")],
    set={_claimed: _claimed | ((claim == "connect") & FRESH_CONNECT)},
    binds=HOST,
    cite="M4: pci_cma_claim_ownership at connect; Linux TSM core",
)
_MINE.rule(
    e.finish,
    set={_authenticated: True},
    binds=HOST,
    cite="Linux ABI sysfs-bus-pci: authenticated follows the state of connect",
)
_GIVEN_BACK: dict[Term, Operand] = {_claimed: _claimed & (claim != "connect")}
_MINE.rule(
    e.device_disconnect,
    set={**_GIVEN_BACK, _authenticated: False},
    binds=HOST,
    cite="Linux ABI sysfs-bus-pci; pci_cma_return_ownership",
)
for _event, _reply in (
    (e.key_exchange, "UnexpectedRequest"),
    (e.key_exchange, "SessionLimitExceeded"),
    (e.key_exchange_in_the_middle, "AUTH_FAILED"),
    (e.finish, "SessionRequired"),
):
    _MINE.rule(
        _event,
        reply=_reply,
        set={
            _claimed: _claimed & ((claim != "connect") | exists(t, Tsm.bound[t])),
            _authenticated: _authenticated & exists(t, Tsm.bound[t]),
        },
        binds=HOST,
        cite="[D] connect has failed",
    )

# --- Its own CMA ----------------------------------------------------------------------------------------------------
_MINE.rule(
    e.claim_ownership,
    when=[_AT_PASSTHROUGH, neg(_claimed)],
    set={_claimed: True},
    binds=HOST,
    cite="Linux PCI/CMA series: vfio-pci claims the device",
)
_MINE.rule(
    e.return_ownership,
    when=[_AT_PASSTHROUGH, _claimed],
    checks=[
        Check("no TDI bound", neg(exists(t, Tsm.bound[t])), cite="Linux TSM core: unbind before the device comes back"),
        Check("disconnected", (claim == "delayed").implies(Tsm.phase == "disconnected"), cite="M4"),
    ],
    set={_claimed: False},
    binds=HOST,
    cite="Linux PCI/CMA series: pci_cma_return_ownership",
)
_MINE.rule(
    e.cma_authenticate,
    checks=[Check("owns the mailbox", neg(_claimed), cite="Linux PCI/CMA series: OWNED_BY_GUEST, no reauthentication")],
    set={
        # Without a TSM the attribute is native CMA's.
        _authenticated: _authenticated | neg(has_tsm),
        _transcript: ite(_KEEPS_TRANSCRIPTS, _CURRENT, _transcript),
    },
    binds=HOST,
    cite="Linux PCI/CMA series",
)
_MINE.rule(
    e.conventional_reset,
    set={_authenticated: _authenticated & has_tsm},
    binds=HOST,
    cite="Linux PCI/CMA series: authenticated again after reset",
)
_MINE.rule(
    e.fw_update,
    set={_transcript: ite(_transcript == "current", const("stale", EPOCH), _transcript)},
    binds=HOST,
    cite="[D] what was signed before an update is about the firmware before it",
)

# --- The mail that it carries ---------------------------------------------------------------------------------------
_REPLAYS = (e.source == "replay").implies(_transcript != "none")
_RELAYS = Check("relays what the device says", e.source == "device", cite="threat model")
_MINE.rule(
    e.measure,
    when=[_REPLAYS],
    checks=[_RELAYS],
    set={_transcript: ite((measure_over == "clear") & (e.source == "device"), _CURRENT, _transcript)},
    binds=HOST,
    cite="M2, M3: the host carries every message",
)
_MINE.rule(
    e.guest_authenticate,
    when=[_REPLAYS],
    checks=[
        _RELAYS,
        Check(
            "not the TSM's",
            neg(claim.in_("connect", "delayed") & (Tsm.phase != "disconnected")),
            cite="M4: ownership is the TSM's from connect on",
        ),
    ],
    set={_transcript: ite(e.source == "device", _CURRENT, _transcript)},
    binds=HOST,
    cite="M10: access by a guest is always proxied",
)
_MINE.rule(
    e.silence,
    checks=[Check("heartbeats in time", Responder.missed == 0, cite="COV 09 spdm_heartbeat: the host's call")],
    binds=HOST,
    cite="COV 07",
)
_MINE.rule(
    e.ide_fail,
    checks=[Check("disconnected", Tsm.phase == "disconnected", cite="AMD host driver: the enable bits are cleared last")],
    binds=HOST,
    cite="threat model",
)
for _event in (
    e.get_version, e.key_exchange_in_the_middle, e.host_session, e.host_end_session, e.host_query, e.host_key_prog,
    e.key_prog_in_clear, e.host_lock, e.host_start, e.host_stop, e.garbled,
):  # fmt: skip
    _MINE.rule(
        _event,
        checks=[Check("refrains", FALSE, cite="an honest host leaves a device alone that the TSM drives")],
        binds=HOST,
        cite="threat model",
    )

Guest.machine.rule(
    e.guest_authenticate,
    when=[guest_cma],
    checks=[
        Check(
            "signed with its nonce",
            (requester_nonce == "fresh").implies(e.source != "replay"),
            "REJECTED",
            "DSP0274 CHALLENGE, GET_MEASUREMENTS",
        )
    ],
    binds=GUEST,
    cite="M7, M10, M11",
)
