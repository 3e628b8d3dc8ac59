"""The laws of single steps: what an honest host does at the registers, and how far the TSM is when it sends what."""

from __future__ import annotations

from ....model.language import after, forall, implies, neg
from ....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from ....model.world.choices.ide import enable_order, rp_enable_by
from ....model.world.choices.lifecycle import disconnect_bound
from ....model.world.ide import events as e
from ....model.world.ide.state import ENDPOINT, ROOT_PORT, Tdi, Tsm, k, s2
from ....model.world.vocabulary import HOST, d
from ...formulas import AlwaysPossible, Never, StepLaw
from ...steps import occurs
from ..law import law

_IN_USE = Tsm.in_phase("keying", "connected", "refreshing")
_MISCHIEF = (
    e.get_version, e.host_connect, e.host_key_prog, e.host_set_stop, e.host_rp_keys, e.function0_reset, e.inject_tbit,
    e.switch_reads,
)  # fmt: skip
_EP_ENABLE, _RP_ENABLE = occurs(e.ep_enable, d=d), occurs(e.rp_enable, d=d)
_KEY_MESSAGES = tuple(
    occurs(x, d=d, k=k) for x in (e.ep_key_prog, e.rp_key_prog, e.ep_rx_go, e.rp_rx_go, e.ep_tx_go, e.rp_tx_go)
)

_CLOSING = ("closing", "closing_1", "closing_2", "closing_3")
_TEARDOWN = tuple(occurs(x, d=d) for x in (e.rp_close, e.stop_tx, e.stop_rx, e.end_session))

PROPERTIES = (
    law(
        "an-honest-host-sends-no-key-messages-and-resets-nothing",
        "An honest host opens no session of its own with a device that the TSM drives, programs and stops no keys, and resets nothing.",
        Never(tuple(occurs(x, d=d, reply=None, where=HOST.honest) for x in _MISCHIEF)),
        (d,), "host", "threat model; M4", occurs(e.device_connect, d=d), DropCheck("host", "get_version", "refrains"), host="honest",
    ),
    law(
        "an-honest-host-does-not-make-the-stream-fail",
        "At a port of an honest host a stream fails by the link, or because a key set was stopped, and by nothing that the host does.",
        Never(
            tuple(
                occurs(x, d=d, where=HOST.honest & e.cause.in_("failed_check", "register_write", "iv_exhausted"))
                for x in (e.ep_fails, e.rp_fails)
            )
        ),
        (d,), "host", "P63 §6.33.8; threat model", (occurs(e.ep_fails, d=d), occurs(e.rp_fails, d=d)),
        DropCheck("host", "ep_fails", "refrains"), host="honest", protects="host",
    ),
    law(
        "an-honest-host-enables-in-order",
        "An honest host enables the stream while the TSM keys it, the endpoint after the root port where the root port comes first, and "
        "the root port, where that is the host's to do, once all keys are there and the endpoint was enabled.",
        Never(
            (
                occurs(
                    e.ep_enable,
                    d=d,
                    where=HOST.honest
                    & neg(Tsm.in_phase("keying") & implies(enable_order == "root_port_first", ROOT_PORT.enable[d])),
                ),
                occurs(
                    e.rp_enable,
                    d=d,
                    where=HOST.honest
                    & (rp_enable_by == "host")
                    & neg(Tsm.in_phase("keying") & Tsm.keyed() & (ENDPOINT.enable[d] | (enable_order == "root_port_first"))),
                ),
            )
        ),
        (d,), "host", "P63 §6.33.8; Linux sev-dev-tsm.c", _EP_ENABLE,
        DropCheck("host", "ep_enable", "when the TSM has come so far"), host="honest", protects="host",
    ),
    law(
        "an-honest-host-disables-nothing-in-use",
        "An honest host clears no Enable bit while the TSM keys, uses or refreshes the stream.",
        Never(tuple(occurs(x, d=d, where=HOST.honest & _IN_USE) for x in (e.ep_disable, e.rp_disable))),
        (d,), "host", "Linux ide.c; AMD host driver: the enable bits are cleared last",
        (occurs(e.ep_disable, d=d), occurs(e.rp_disable, d=d)),
        DropCheck("host", "ep_disable", "not in use"), host="honest", protects="host",
    ),
    law(
        "an-honest-host-disconnects-after-unbind",
        "An honest host asks for a disconnect only when no TDI uses the stream.",
        Never(occurs(e.device_disconnect, d=d, where=HOST.honest & (Tdi.use[d] != "unlocked"))),
        (d,), "host", "Linux TSM core: unbind all first", occurs(e.device_disconnect, d=d),
        DropCheck("host", "device_disconnect", "no TDI in use"), host="honest", protects="host",
    ),
    law(
        "key-messages-are-for-the-set-that-is-next",
        "The TSM sends key messages for the key set that it is setting up or refreshing, and for no other.",
        StepLaw(_KEY_MESSAGES, Tsm.in_phase("keying", "refreshing") & (Tsm.set[d] == k)),
        (d, k), "TSM", "P63 §6.33.3; COV 07", _KEY_MESSAGES, DropCondition("tsm", "rp_key_prog", 1),
    ),
    law(
        "disconnect-forgets-the-key-set",
        "A disconnect begins with a device that is being set up, connected or refreshed, without TDIs in use where they forbid it; then "
        "the TSM has no key set any more.",
        StepLaw(
            occurs(e.device_disconnect, d=d),
            _IN_USE
            & implies(disconnect_bound == "reject", Tdi.use[d] == "unlocked")
            & (after(Tsm.phase[d]) == "closing")
            & (after(Tsm.set[d]) == "none")
            & forall(s2, after(Tsm.at[d, s2]) == 0),
        ),
        (d,), "TSM", "COV 07, COV 09 disconnect_device", occurs(e.device_disconnect, d=d),
        DropUpdate("tsm", "device_disconnect", "tsm.set"), protects="host",
    ),
    law(
        "a-device-in-use-can-be-disconnected",
        "A device that is being set up, connected or refreshed can be disconnected, unless a TDI in use forbids it.",
        AlwaysPossible(
            occurs(e.device_disconnect, d=d),
            _IN_USE & implies((disconnect_bound == "reject") | HOST.honest, Tdi.use[d] == "unlocked"),
        ),
        (d,), "TSM", "COV 09 disconnect_device", _IN_USE,
        SwapValue("tsm", "device_disconnect", Tsm.phase[d], "connected", "refreshing"), protects="host",
    ),
    law(
        "every-step-of-a-teardown-leads-on",
        "Each step of a disconnect belongs to one, and the TSM is further afterwards.",
        StepLaw(_TEARDOWN, Tsm.in_phase(*_CLOSING) & (after(Tsm.phase[d]) != Tsm.phase[d])),
        (d,), "TSM", "COV 07: disable, stop, END_SESSION; TF-RMM", _TEARDOWN, DropUpdate("tsm", "rp_close", "tsm.phase"),
        protects="host",
    ),
    law(
        "a-teardown-can-go-on",
        "A disconnect that has begun can go on to its next step.",
        AlwaysPossible(_TEARDOWN, Tsm.in_phase(*_CLOSING)),
        (d,), "TSM", "COV 07; TF-RMM", Tsm.in_phase(*_CLOSING),
        SwapValue("tsm", "rp_close", Tsm.phase[d], "closing_1", "closing_2"), protects="host",
    ),
)  # fmt: skip
