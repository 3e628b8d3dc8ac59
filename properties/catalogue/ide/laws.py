"""The laws of single steps: what an honest host does at the registers, and how far the TSM is when it sends what."""

from __future__ import annotations

from ....model.language import Term, after, conj, exists, forall, implies, neg
from ....model.language.mutate import DropCheck, DropCondition, DropUpdate, LeakyRefusal, SwapValue
from ....model.world.choices.ide import enable_order, enable_when, refresh_checks, rp_enable_by
from ....model.world.choices.lifecycle import bind_requires, disconnect_bound, lock_requires
from ....model.world.ide import events as e
from ....model.world.ide.state import ENDPOINT, ORPHAN, PORTS, ROOT_PORT, Device, Port, Tdi, Tsm, k, k2, s2
from ....model.world.vocabulary import HOST, d
from ...formulas import AlwaysPossible, Never, StepLaw
from ...steps import REFUSED, occurs
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

_REFUSALS = tuple(occurs(x, d=d, reply=REFUSED) for x in (e.device_connect, e.ide_refresh, e.device_disconnect, e.tdi_start))
_CLOSING = ("closing", "closing_1", "closing_2", "closing_3")
_TEARDOWN = tuple(occurs(x, d=d) for x in (e.rp_close, e.stop_tx, e.stop_rx, e.end_session))


def _empty(port: Port) -> Term:
    """No slot of the port holds a key, and its receiver goes by no set."""
    return forall(
        s2,
        (port.current[d, s2] == "none")
        & forall(
            k2, (port.rx[d, k2, s2] == "CLEARED") & (port.tx[d, k2, s2] == "CLEARED") & (port.key[d, k2, s2] == "none")
        ),
    )


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
    # --- Sessions -----------------------------------------------------------------------------------------------------
    law(
        "get-version-and-reset-leave-no-session",
        "GET_VERSION and a conventional reset end every session of the device, and END_SESSION the TSM's.",
        Never(
            (
                *(
                    occurs(x, d=d, where=after(Device.tsm_session[d]) | after(Device.host_session[d]))
                    for x in (e.get_version, e.conventional_reset)
                ),
                occurs(e.end_session, d=d, where=after(Device.tsm_session[d])),
            )
        ),
        (d,), "device", "DSP0274 GET_VERSION, END_SESSION; P63 §11.4.8", occurs(e.get_version, d=d),
        DropUpdate("device", "get_version", "device.host_session"),
    ),
    law(
        "a-session-of-the-hosts-is-opened-once",
        "The host opens a session where it has none, and has one then.",
        StepLaw(occurs(e.host_connect, d=d), neg(Device.host_session[d]) & after(Device.host_session[d])),
        (d,), "device", "DSP0274 KEY_EXCHANGE", occurs(e.host_connect, d=d), DropCondition("device", "host_connect", 0),
    ),
    law(
        "blocking-a-stream-ends-what-the-tsm-does-with-it",
        "A TSM that takes a stream down at the root port was at work with the device, and is idle and without a key set then.",
        StepLaw(
            occurs(e.stream_block, d=d),
            neg(Tsm.in_phase("idle"))
            & (after(Tsm.phase[d]) == "idle")
            & (after(Tsm.set[d]) == "none")
            & forall(s2, after(Tsm.at[d, s2]) == 0),
        ),
        (d,), "TSM", "2023 TDX module sources: IDE.STREAM.BLOCK", occurs(e.stream_block, d=d),
        DropUpdate("tsm", "stream_block", "tsm.set"), flow="tdx-connect", protects="host",
    ),
    law(
        "a-connect-is-done-once",
        "The TSM reports a device as connected after it has set it up, once.",
        StepLaw(occurs(e.connect_done, d=d), Tsm.in_phase("keying") & (after(Tsm.phase[d]) == "connected")),
        (d,), "TSM", "COV 09 connect_device", occurs(e.connect_done, d=d), DropCondition("tsm", "connect_done", 0), protects="host",
    ),
    law(
        "a-refresh-waits-for-the-receiver",
        "A TSM that looks before it refreshes begins only while its port is Secure and no longer goes by the set that is to come.",
        StepLaw(
            occurs(e.ide_refresh, d=d),
            Tsm.in_phase("connected")
            & implies(
                refresh_checks,
                ROOT_PORT.secure & forall(k2, (k2 == Tsm.set[d]) | forall(s2, ROOT_PORT.rx[d, k2, s2] != "ENABLED")),
            ),
        ),
        (d,), "TSM", "COV 07, COV 09 ide_key_refresh; Intel root port: last received set", occurs(e.ide_refresh, d=d),
        DropCheck("tsm", "ide_refresh", "Secure"), refresh_checks=True,
    ),
    # --- The TDI ------------------------------------------------------------------------------------------------------
    law(
        "a-tdi-is-started-over-the-tsms-keys",
        "A TDI is locked and started from CONFIG_UNLOCKED, in the TSM's session, over keys of that session, and a Secure stream where "
        "the TSM or the device insists on one.",
        StepLaw(
            occurs(e.tdi_start, d=d),
            (Tdi.use[d] == "unlocked")
            & (after(Tdi.use[d]) == "run")
            & Device.tsm_session[d]
            & Tsm.in_phase("connected", "refreshing")
            & ENDPOINT.programmed_by("tsm")
            & implies(bind_requires == "secure", ROOT_PORT.secure)
            & implies(lock_requires == "secure", ENDPOINT.secure),
        ),
        (d,), "device", "P63 §11.3.8, §11.3.14; COV 09 bind_interface", occurs(e.tdi_start, d=d),
        DropCheck("tdi", "tdi_start", "state"),
    ),
    law(
        "stop-unlocks-what-was-in-use",
        "STOP_INTERFACE comes in the TSM's session and unlocks a TDI that was locked or failed.",
        StepLaw(
            occurs(e.tdi_stop, d=d),
            Device.tsm_session[d] & (Tdi.use[d] != "unlocked") & (after(Tdi.use[d]) == "unlocked"),
        ),
        (d,), "device", "P63 §11.3.16", occurs(e.tdi_stop, d=d), DropUpdate("tdi", "tdi_stop", "tdi.use"),
    ),
    law(
        "what-is-in-use-can-be-stopped",
        "While the TSM's session lives, a TDI that is locked or failed can be stopped.",
        AlwaysPossible(occurs(e.tdi_stop, d=d), Device.tsm_session[d] & (Tdi.use[d] != "unlocked")),
        (d,), "device", "P63 §11.3.16, Table 11-3", Tdi.use[d] != "unlocked",
        SwapValue("tdi", "tdi_stop", Tdi.use[d], "unlocked", "run"), protects="host",
    ),
    # --- The ports ----------------------------------------------------------------------------------------------------
    law(
        "enable-makes-a-port-secure-that-has-keys-in-use",
        "A port is enabled once, and is Secure at once when a key set is in use in both directions.",
        Never(
            tuple(
                occurs(
                    x,
                    d=d,
                    where=port.enable[d]
                    | neg(after(port.enable[d]))
                    | (port.in_use() & (after(port.status[d]) != "SECURE")),
                )
                for port, x in ((ENDPOINT, e.ep_enable), (ROOT_PORT, e.rp_enable))
            )
        ),
        (d,), "device", "P63 §6.33.1, §7.9.26", (occurs(e.ep_enable, d=d), occurs(e.rp_enable, d=d)),
        DropUpdate("endpoint", "ep_enable", "endpoint.status"), protects="host",
    ),
    law(
        "a-port-that-is-switched-off-is-insecure",
        "Enable is cleared where it was set; the port is Insecure then, and what keys were in use are gone.",
        Never(
            tuple(
                occurs(
                    x,
                    d=d,
                    where=neg(port.enable[d])
                    | after(port.enable[d])
                    | (after(port.status[d]) != "INSECURE")
                    | (port.secure & neg(after(_empty(port)))),
                )
                for port, x in ((ENDPOINT, e.ep_disable), (ROOT_PORT, e.rp_disable))
            )
        ),
        (d,), "device", "P63 §6.33.1, §6.33.8", (occurs(e.ep_disable, d=d), occurs(e.rp_disable, d=d)),
        DropUpdate("endpoint", "ep_disable", "endpoint.key"),
    ),
    law(
        "a-port-that-fails-was-secure-and-has-no-keys-left",
        "A port fails only from Secure, says so to its partner once, and has no keys then.",
        Never(
            tuple(
                occurs(x, d=d, where=neg(port.secure & (after(port.status[d]) == "FAILED") & after(_empty(port))))
                for port, x in (
                    (ENDPOINT, e.ep_fails), (ROOT_PORT, e.rp_fails), (ROOT_PORT, e.fail_reaches_rp), (ENDPOINT, e.fail_reaches_ep),
                )
            )
        ),
        (d,), "device", "P63 §6.33.8", (occurs(e.ep_fails, d=d), occurs(e.rp_fails, d=d)),
        DropUpdate("endpoint", "ep_fails", "endpoint.key"),
    ),
    law(
        "a-secure-port-can-fail",
        "A Secure port can fail at any time, for a reason that nobody can prevent.",
        AlwaysPossible(occurs(e.ep_fails, d=d, cause="link_down"), ENDPOINT.secure),
        (d,), "device", "P63 §6.33.8", ENDPOINT.secure,
        SwapValue("endpoint", "ep_fails", ENDPOINT.status[d], "SECURE", "FAILED"), protects="host",
    ),
    law(
        "the-other-port-can-fail-as-well",
        "A Secure root port can fail at any time, for a reason that nobody can prevent.",
        AlwaysPossible(occurs(e.rp_fails, d=d, cause="link_down"), ROOT_PORT.secure),
        (d,), "root complex", "P63 §6.33.8", ROOT_PORT.secure,
        SwapValue("root_port", "rp_fails", ROOT_PORT.status[d], "SECURE", "FAILED"), protects="host",
    ),
    law(
        "reset-clears-the-endpoint",
        "A reset of the function that holds the IDE capability, or of the device, leaves the endpoint disabled, Insecure and without keys.",
        StepLaw(
            (occurs(e.function0_reset, d=d), occurs(e.conventional_reset, d=d)),
            neg(after(ENDPOINT.enable[d])) & (after(ENDPOINT.status[d]) == "INSECURE") & after(_empty(ENDPOINT)),
        ),
        (d,), "device", "P63 §6.33.8", occurs(e.function0_reset, d=d), DropUpdate("endpoint", "function0_reset", "endpoint.key"),
    ),
    law(
        "a-stopped-set-fails-a-port-only-when-none-is-left",
        "A port fails for the use of a stopped key set only when its transmitter has none in use.",
        Never(
            tuple(
                occurs(x, d=d, cause="stopped_set", where=exists(k2, port.sends(k2)))
                for port, x in ((ENDPOINT, e.ep_fails), (ROOT_PORT, e.rp_fails))
            )
        ),
        (d,), "device", "P63 §6.33.3, §6.33.8", (occurs(e.ep_fails, d=d), occurs(e.rp_fails, d=d)),
        DropCondition("endpoint", "ep_fails", 1), protects="host",
    ),
    law(
        "an-ide-fail-message-comes-from-a-port-that-failed",
        "An IDE Fail message takes a port down only when its partner has failed.",
        Never(
            (
                occurs(e.fail_reaches_ep, d=d, where=ROOT_PORT.status[d] != "FAILED"),
                occurs(e.fail_reaches_rp, d=d, where=ENDPOINT.status[d] != "FAILED"),
            )
        ),
        (d,), "device", "P63 §6.33.8", (occurs(e.fail_reaches_ep, d=d), occurs(e.fail_reaches_rp, d=d)),
        DropCondition("endpoint", "fail_reaches_ep", 0), protects="host",
    ),
    law(
        "an-ide-fail-message-can-arrive-at-the-endpoint",
        "The IDE Fail message of a root port that has failed can reach the endpoint.",
        AlwaysPossible(occurs(e.fail_reaches_ep, d=d), (ROOT_PORT.status[d] == "FAILED") & ENDPOINT.secure),
        (d,), "device", "P63 §6.33.8", (ROOT_PORT.status[d] == "FAILED") & ENDPOINT.secure,
        SwapValue("endpoint", "fail_reaches_ep", ROOT_PORT.status[d], "FAILED", "INSECURE"),
    ),
    law(
        "an-ide-fail-message-can-arrive-at-the-root-port",
        "The IDE Fail message of an endpoint that has failed can reach the root port.",
        AlwaysPossible(occurs(e.fail_reaches_rp, d=d), (ENDPOINT.status[d] == "FAILED") & ROOT_PORT.secure),
        (d,), "root complex", "P63 §6.33.8", (ENDPOINT.status[d] == "FAILED") & ROOT_PORT.secure,
        SwapValue("root_port", "fail_reaches_rp", ENDPOINT.status[d], "FAILED", "INSECURE"),
    ),
    law(
        "the-tsm-enables-its-port-in-order",
        "A TSM that enables the root port itself does so while it sets the stream up: with keys in use where it waits for them, and after "
        "the endpoint where the endpoint comes first.",
        StepLaw(
            occurs(e.rp_enable, d=d),
            implies(
                rp_enable_by == "tsm",
                Tsm.in_phase("keying")
                & implies(enable_when == "keys_first", Tsm.keyed())
                & implies(enable_order == "endpoint_first", ENDPOINT.enable[d]),
            ),
        ),
        (d,), "TSM", "COV 07; P63 §6.33.8", occurs(e.rp_enable, d=d), DropCheck("tsm", "rp_enable", "endpoint first"), flow="cove-io",
    ),
    law(
        "a-tdi-can-be-started-over-a-secure-stream",
        "Over a stream that is Secure at both ports with keys of its live session, the TSM can have an unlocked TDI started.",
        AlwaysPossible(
            occurs(e.tdi_start, d=d),
            Device.tsm_session[d]
            & Tsm.in_phase("connected", "refreshing")
            & (Tdi.use[d] == "unlocked")
            & ENDPOINT.programmed_by("tsm")
            & neg(ORPHAN[d])
            & ENDPOINT.secure
            & ROOT_PORT.secure,
        ),
        (d,), "device", "P63 §11.3.8, §11.3.14; COV 09 bind_interface", occurs(e.tdi_start, d=d),
        SwapValue("tsm", "tdi_start", Tsm.phase[d], "connected", "refreshing"), protects="host",
    ),
    law(
        "a-refusal-leaves-the-tsm-and-the-ports-as-they-are",
        "A request to connect, refresh, disconnect or start that is refused leaves the TSM, the TDI and both ports as they were.",
        StepLaw(
            _REFUSALS,
            conj(
                *(
                    after(x) == x
                    for x in (
                        Tsm.phase[d], Tsm.set[d], Tdi.use[d], *(x for p in PORTS for x in (p.enable[d], p.status[d])),
                        Device.tsm_session[d], Device.host_session[d],
                    )
                )
            ),
        ),
        (d,), "TSM", "COV 09; P63 §11.3.25 TDISP_ERROR", _REFUSALS, LeakyRefusal("tsm", "device_disconnect"), protects="host",
    ),
    law(
        "a-tdi-takes-tbit-requests-in-run-only",
        "A TDI sends and takes T=1 requests over the stream in RUN only.",
        StepLaw((occurs(e.tlp_down, d=d, tbit=True), occurs(e.tlp_up, d=d, tbit=True)), Tdi.use[d] == "run"),
        (d,), "device", "P63 §11.2.1", occurs(e.tlp_down, d=d, tbit=True), DropCheck("tdi", "tlp_down", "T=1 only in RUN"),
    ),
)  # fmt: skip
