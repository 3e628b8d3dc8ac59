"""Laws of the TSM: how far it is when it sends what, and how it takes a stream down."""

from __future__ import annotations

from .....model.language import after, forall, implies, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, LeakyRefusal, SwapValue
from .....model.world.choices.ide import (
    enable_order,
    enable_when,
    refresh_checks,
    rp_enable_by,
)
from .....model.world.choices.lifecycle import disconnect_bound
from .....model.world.ide import events as e
from .....model.world.ide.state import (
    ENDPOINT,
    PORTS,
    ROOT_PORT,
    Device,
    Tdi,
    Tsm,
    k,
    k2,
    s2,
)
from .....model.world.vocabulary import HOST, d
from ....property import Property
from ....steps import REFUSED, occurs, unchanged
from ...law import possible, step_law
from .terms import IN_USE, KEY_MESSAGES

_REFUSALS = tuple(occurs(x, d=d, reply=REFUSED) for x in (e.device_connect, e.ide_refresh, e.device_disconnect, e.tdi_start))
_CLOSING = ("closing", "closing_1", "closing_2", "closing_3")
_TEARDOWN = tuple(occurs(x, d=d) for x in (e.rp_close, e.stop_tx, e.stop_rx, e.end_session))

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "a-connect-begins-with-an-idle-tsm",
        "The TSM connects a device that is not connected, and with which it is not at work.",
        occurs(e.device_connect, d=d), Tsm.in_phase("idle"),
        (d,), "TSM", "COV 09 connect_device; Linux TSM core", DropCheck("tsm", "device_connect", "not connected"),
    ),
    step_law(
        "key-messages-are-for-the-set-that-is-next",
        "The TSM sends key messages for the key set that it is setting up or refreshing, and for no other.",
        KEY_MESSAGES, Tsm.in_phase("keying", "refreshing") & (Tsm.set[d] == k),
        (d, k), "TSM", "P63 §6.33.3; COV 07", DropCondition("tsm", "rp_key_prog", 1),
    ),
    step_law(
        "disconnect-forgets-the-key-set",
        "A disconnect begins with a device that is being set up, connected or refreshed, without TDIs in use where they forbid it; then "
        "the TSM has no key set any more.",
        occurs(e.device_disconnect, d=d),
        IN_USE
        & implies(disconnect_bound == "reject", Tdi.use[d] == "unlocked")
        & (after(Tsm.phase[d]) == "closing")
        & (after(Tsm.set[d]) == "none")
        & forall(s2, after(Tsm.at[d, s2]) == 0),
        (d,), "TSM", "COV 07, COV 09 disconnect_device", DropUpdate("tsm", "device_disconnect", "tsm.set"), protects="host",
    ),
    possible(
        "a-device-in-use-can-be-disconnected",
        "A device that is being set up, connected or refreshed can be disconnected, unless a TDI in use forbids it.",
        occurs(e.device_disconnect, d=d),
        IN_USE & implies((disconnect_bound == "reject") | HOST.honest, Tdi.use[d] == "unlocked"),
        (d,), "TSM", "COV 09 disconnect_device",
        SwapValue("tsm", "device_disconnect", Tsm.phase[d], "connected", "refreshing"), witness=IN_USE, protects="host",
    ),
    step_law(
        "every-step-of-a-teardown-leads-on",
        "Each step of a disconnect belongs to one, and the TSM is further afterwards.",
        _TEARDOWN, Tsm.in_phase(*_CLOSING) & (after(Tsm.phase[d]) != Tsm.phase[d]),
        (d,), "TSM", "COV 07: disable, stop, END_SESSION; TF-RMM", DropUpdate("tsm", "rp_close", "tsm.phase"),
        protects="host",
    ),
    possible(
        "a-teardown-can-go-on",
        "A disconnect that has begun can go on to its next step.",
        _TEARDOWN, Tsm.in_phase(*_CLOSING),
        (d,), "TSM", "COV 07; TF-RMM", SwapValue("tsm", "rp_close", Tsm.phase[d], "closing_1", "closing_2"),
        witness=Tsm.in_phase(*_CLOSING), protects="host",
    ),
    step_law(
        "blocking-a-stream-ends-what-the-tsm-does-with-it",
        "A TSM that takes a stream down at the root port was at work with the device, and is idle and without a key set then.",
        occurs(e.stream_block, d=d),
        neg(Tsm.in_phase("idle"))
        & (after(Tsm.phase[d]) == "idle")
        & (after(Tsm.set[d]) == "none")
        & forall(s2, after(Tsm.at[d, s2]) == 0),
        (d,), "TSM", "2023 TDX module sources: IDE.STREAM.BLOCK", DropUpdate("tsm", "stream_block", "tsm.set"),
        flow="tdx-connect", protects="host",
    ),
    step_law(
        "a-connect-is-done-once",
        "The TSM reports a device as connected after it has set it up, once.",
        occurs(e.connect_done, d=d), Tsm.in_phase("keying") & (after(Tsm.phase[d]) == "connected"),
        (d,), "TSM", "COV 09 connect_device", DropCondition("tsm", "connect_done", 0), protects="host",
    ),
    step_law(
        "a-refresh-waits-for-the-receiver",
        "A TSM that looks before it refreshes begins only while its port is Secure and no longer goes by the set that is to come.",
        occurs(e.ide_refresh, d=d),
        Tsm.in_phase("connected")
        & implies(
            refresh_checks,
            ROOT_PORT.secure & forall(k2, (k2 == Tsm.set[d]) | forall(s2, ROOT_PORT.rx[d, k2, s2] != "ENABLED")),
        ),
        (d,), "TSM", "COV 07, COV 09 ide_key_refresh; Intel root port: last received set",
        DropCheck("tsm", "ide_refresh", "Secure"), refresh_checks=True,
    ),
    step_law(
        "the-tsm-enables-its-port-in-order",
        "A TSM that enables the root port itself does so while it sets the stream up: with keys in use where it waits for them, and after "
        "the endpoint where the endpoint comes first.",
        occurs(e.rp_enable, d=d),
        implies(
            rp_enable_by == "tsm",
            Tsm.in_phase("keying")
            & implies(enable_when == "keys_first", Tsm.keyed())
            & implies(enable_order == "endpoint_first", ENDPOINT.enable[d]),
        ),
        (d,), "TSM", "COV 07; P63 §6.33.8", DropCheck("tsm", "rp_enable", "endpoint first"), flow="cove-io",
    ),
    step_law(
        "a-refusal-leaves-the-tsm-and-the-ports-as-they-are",
        "A request to connect, refresh, disconnect or start that is refused leaves the TSM, the TDI and both ports as they were.",
        _REFUSALS,
        unchanged(
            Tsm.phase[d], Tsm.set[d], Tdi.use[d], *(x for p in PORTS for x in (p.enable[d], p.status[d])), Device.tsm_session[d],
            Device.host_session[d],
        ),
        (d,), "TSM", "COV 09; P63 §11.3.25 TDISP_ERROR", LeakyRefusal("tsm", "device_disconnect"), protects="host",
    ),
)  # fmt: skip
