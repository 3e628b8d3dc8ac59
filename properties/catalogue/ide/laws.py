"""The laws of single steps: what an honest host does at the registers, and how far the TSM is when it sends what."""

from __future__ import annotations

from collections.abc import Callable

from ....model.language import FALSE, TRUE, Event, Term, after, conj, exists, forall, implies, ite, neg
from ....model.language.mutate import DropCheck, DropCondition, DropUpdate, LeakyRefusal, SwapValue
from ....model.world.choices.ide import (
    enable_order,
    enable_when,
    go_without_key,
    ide_keys,
    ide_km_binding,
    live_key_prog,
    refresh_checks,
    rp_enable_by,
    session_loss,
    stop_on_other_session,
    stream_kind,
    tee_limited,
)
from ....model.world.choices.lifecycle import bind_requires, disconnect_bound, lock_requires, multi_session
from ....model.world.ide import events as e
from ....model.world.ide.state import ENDPOINT, LOCKED, ORPHAN, PORTS, ROOT_PORT, Device, Port, Tdi, Tsm, agree, k, k2, s, s2
from ....model.world.vocabulary import HOST, d
from ...formulas import After, AlwaysPossible, Invariant, Never, Precedence, StepLaw
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


_GOES = (
    (ENDPOINT, ENDPOINT.rx, e.ep_rx_go),
    (ROOT_PORT, ROOT_PORT.rx, e.rp_rx_go),
    (ENDPOINT, ENDPOINT.tx, e.ep_tx_go),
    (ROOT_PORT, ROOT_PORT.tx, e.rp_tx_go),
)
_RECEIVERS = ((ROOT_PORT, e.tlp_up), (ENDPOINT, e.tlp_down))
_LENIENT = go_without_key == "ack"
_TSMS = Device.tsm_session[d] & ENDPOINT.holds("tsm")
_HOSTS = Device.host_session[d] & ENDPOINT.holds("host")
_ENDS = (
    (e.device_connect, _TSMS | (_HOSTS & neg(multi_session))),
    (e.host_connect, _TSMS & neg(multi_session)),
    (e.end_session, _TSMS),
    (e.get_version, _TSMS | _HOSTS),
)
"""What ends a session, and whether it is one that keyed the stream."""


def _kept(x: Term, _: str) -> Term:
    return after(x) == x


def _gone(x: Term, empty: str) -> Term:
    return after(x) == empty


def _others(port: Port, how: Callable[[Term, str], Term]) -> Term:
    """What becomes of the slots of all other sets and sub-streams, and of the sets by which the receiver goes."""
    slots = ((port.rx, "CLEARED"), (port.tx, "CLEARED"), (port.key, "none"))
    other = conj(*(how(x[d, k2, s2], empty) for x, empty in slots))
    return forall(k2, forall(s2, ((k2 == k) & (s2 == s)) | other)) & forall(s2, how(port.current[d, s2], "none"))


def _unchanged(port: Port) -> Term:
    """Status and keys of the port stay as they are."""
    slots = conj(*(after(x[d, k2, s2]) == x[d, k2, s2] for x in (port.rx, port.tx, port.key)))
    return (after(port.status[d]) == port.status[d]) & forall(k2, forall(s2, slots & _kept(port.current[d, s2], "")))


def _programmed(port: Port) -> Term:
    """The slots of one sub-stream hold a new key of the TSM: one that others use already where they share it."""
    tx = ite(ide_keys == "shared", after(port.tx[d, k, s]) == "SPENT", after(port.tx[d, k, s]) == "PROGRAMMED")
    return (after(port.rx[d, k, s]) == "PROGRAMMED") & (after(port.key[d, k, s]) == "tsm") & tx


def _taken_by_host(port: Port) -> Term:
    """The set of the host is in use with its key, and the transmitter has no other."""
    return (
        port.sends("k0")
        & port.receives("k0")
        & forall(s2, (port.key[d, "k0", s2] == "host") & (port.tx[d, "k1", s2] == "CLEARED"))
    )


def _busy(port: Port, message: Event) -> Term:
    """Whether a slot that the message fills is in use: of one sub-stream, or of the whole set that the host fills."""
    if message in (e.ep_key_prog, e.rp_key_prog):
        return (port.rx[d, k, s] == "ENABLED") | (port.tx[d, k, s] == "ENABLED")
    return exists(s2, (port.rx[d, "k0", s2] == "ENABLED") | (port.tx[d, "k0", s2] == "ENABLED"))


def _foreign(message: Event) -> Term:
    """Whether a session lives that has keyed the stream and is not the sender's, and the endpoint minds."""
    return (ide_km_binding == "session") & (_HOSTS if message is e.ep_key_prog else _TSMS)


def _takes(port: Port) -> Term:
    """A TLP of set k is taken: the receiver goes by k, and has no longer the set by which it went before."""
    gone = (k2 != k) & (port.current[d, s] == k2)
    return (
        port.enable[d]
        & port.secure
        & after(port.secure)
        & (port.rx[d, k, s] == "ENABLED")
        & (after(port.current[d, s]) == k)
        & forall(k2, after(port.rx[d, k2, s]) == ite(gone, "CLEARED", port.rx[d, k2, s]))
        & forall(k2, after(port.tx[d, k2, s]) == port.tx[d, k2, s])
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
    # --- Keys: what a port holds -------------------------------------------------------------------------------------
    law(
        "a-port-forgets-a-key-with-its-last-slot",
        "A port knows a key exactly as long as a slot of its receiver or its transmitter holds it.",
        Invariant(
            conj(
                *(
                    (port.key[d, k, s] == "none") == ((port.rx[d, k, s] == "CLEARED") & (port.tx[d, k, s] == "CLEARED"))
                    for port in PORTS
                )
            )
        ),
        (d, k, s), "device", "P63 §6.33.3, §6.33.8: keys are made unreadable", ENDPOINT.key[d, k, s] == "tsm",
        DropUpdate("root_port", "rp_fails", "root_port.key"), flow="cove-io",
    ),
    law(
        "a-receiver-goes-by-a-set-that-it-takes",
        "A receiver goes by a key set that it takes, and by none only when it takes none.",
        Invariant(
            conj(
                *(
                    implies(port.current[d, s] == k, port.rx[d, k, s] == "ENABLED")
                    & implies(port.rx[d, k, s] == "ENABLED", port.current[d, s] != "none")
                    for port in PORTS
                )
            )
        ),
        (d, k, s), "device", "P63 §6.33.3: the K bit toggles at the first TLP with the new set", ENDPOINT.current[d, s] == k,
        DropUpdate("endpoint", "ep_rx_go", "endpoint.current"), flow="cove-io",
    ),
    law(
        "a-port-with-enable-and-keys-in-use-is-secure",
        "A port whose Enable bit is set is Secure when a key set is in use in both directions, unless it failed; without Enable it is not.",
        Invariant(
            conj(
                *(
                    implies(port.enable[d] & port.in_use(), port.status[d] != "INSECURE")
                    & implies(neg(port.enable[d]), port.status[d] == "INSECURE")
                    for port in PORTS
                )
            )
        ),
        (d,), "device", "P63 §6.33.1, §7.9.26: whichever comes last makes it Secure; Insecure reads whenever Enable is clear",
        ENDPOINT.enable[d] & ENDPOINT.in_use(), DropUpdate("endpoint", "ep_tx_go", "endpoint.status"), protects="host",
    ),
    # --- KEY_PROG -----------------------------------------------------------------------------------------------------
    law(
        "key-prog-fills-the-slots-of-one-sub-stream",
        "KEY_PROG comes in the TSM's session and gives one sub-stream of one set the TSM's new key. All else at the endpoint stays, but for "
        "keys of a session that has closed: they go, and a Secure stream with them.",
        StepLaw(
            occurs(e.ep_key_prog, d=d, k=k, s=s),
            Device.tsm_session[d]
            & _programmed(ENDPOINT)
            & neg(after(ORPHAN[d]))
            & implies(ORPHAN[d], neg(after(ENDPOINT.secure)) & _others(ENDPOINT, _gone))
            & implies(neg(ORPHAN[d]), (after(ENDPOINT.status[d]) == ENDPOINT.status[d]) & _others(ENDPOINT, _kept)),
        ),
        (d, k, s), "device", "P63 §6.33.3 KEY_PROG: a new session's first keying wipes what an earlier one left",
        occurs(e.ep_key_prog, d=d, k=k, s=s), DropUpdate("endpoint", "ep_key_prog", "endpoint.key"), flow="cove-io",
    ),
    law(
        "key-prog-waits-for-the-other-session-and-for-the-set",
        "While a session that keyed the stream lives, an endpoint that binds IDE_KM to it takes KEY_PROG of no other; and none for a set "
        "that is in use, where it refuses that.",
        Never(
            tuple(
                occurs(x, d=d, where=neg(ORPHAN[d]) & (_foreign(x) | ((live_key_prog == "refuse") & _busy(ENDPOINT, x))))
                for x in (e.ep_key_prog, e.host_key_prog)
            )
        ),
        (d,), "device", "P63 §6.33.3; COV 09: INVALID_STATE", occurs(e.ep_key_prog, d=d),
        DropCheck("endpoint", "host_key_prog", "not in use"),
    ),
    law(
        "key-prog-is-turned-down-for-these-reasons-only",
        "KEY_PROG is discarded only while another session that keyed the stream lives, and fails only for a set that is in use.",
        Never(
            (
                *(occurs(x, d=d, reply="DISCARDED", where=neg(_foreign(x))) for x in (e.ep_key_prog, e.host_key_prog)),
                *(occurs(x, d=d, reply="KP_ACK_FAILURE", where=neg(_busy(ENDPOINT, x))) for x in (e.ep_key_prog, e.host_key_prog)),
                *(occurs(x, d=d, reply="INVALID_STATE", where=neg(_busy(ROOT_PORT, x))) for x in (e.rp_key_prog, e.host_rp_keys)),
                occurs(e.host_rp_keys, d=d, reply="REFUSED", where=neg(LOCKED[d])),
            )
        ),
        (d,), "device", "P63 §6.33.3; COV 09; Arm RYHQQL", occurs(e.host_key_prog, d=d, reply=REFUSED),
        SwapValue("endpoint", "ep_key_prog", ENDPOINT.key[d, k2, s2], "host", "none"), flow="cove-io", protects="host",
        multi_session=True,
    ),
    law(
        "the-host-keys-a-whole-set-at-once",
        "A host that keys the endpoint itself has a session for it where one is asked for. All slots of its set hold its key and are in use "
        "then, and the transmitter uses no other.",
        StepLaw(
            occurs(e.host_key_prog, d=d),
            (Device.host_session[d] | (ide_km_binding == "none"))
            & neg(after(ORPHAN[d]))
            & after(_taken_by_host(ENDPOINT))
            & implies(ORPHAN[d] & ENDPOINT.secure, after(ENDPOINT.status[d]) == "FAILED"),
        ),
        (d,), "device", "P63 §6.33.3 KEY_PROG, K_SET_GO", occurs(e.host_key_prog, d=d),
        DropUpdate("endpoint", "host_key_prog", "endpoint.tx"),
    ),
    law(
        "the-host-keys-a-root-port-that-is-not-locked",
        "Where the host keys the root port, the register block is not Locked and its set not in use. All slots of the set hold its key and "
        "are in use then, and the transmitter uses no other.",
        StepLaw(
            occurs(e.host_rp_keys, d=d),
            neg(LOCKED[d]) & neg(_busy(ROOT_PORT, e.host_rp_keys)) & after(_taken_by_host(ROOT_PORT)),
        ),
        (d,), "root complex", "P63 §6.33.3; Arm RYHQQL; COV 09", occurs(e.host_rp_keys, d=d),
        DropCheck("root_port", "host_rp_keys", "not in use"), flow="cove-io", rp_keys_by="host", rp_enable_by="host",
        device="hostile",
    ),
    law(
        "a-new-key-of-the-endpoint-is-not-yet-the-root-ports",
        "A key that the endpoint has just been given is not the one that the root port holds in that place.",
        StepLaw(occurs(e.ep_key_prog, d=d, k=k, s=s), neg(after(agree(s, k)))),
        (d, k, s), "TSM", "P63 §6.33.3: keys are new at every refresh", occurs(e.ep_key_prog, d=d, k=k, s=s),
        DropUpdate("root_port", "ep_key_prog", "root_port.key"), flow="arm-cca",
    ),
    law(
        "the-root-port-is-keyed-for-one-sub-stream",
        "The TSM's key fills the root port's slots of one sub-stream of a set that is not in use there, and leaves the others as they are.",
        StepLaw(
            occurs(e.rp_key_prog, d=d, k=k, s=s),
            neg(_busy(ROOT_PORT, e.rp_key_prog))
            & _programmed(ROOT_PORT)
            & (after(ROOT_PORT.status[d]) == ROOT_PORT.status[d])
            & _others(ROOT_PORT, _kept),
        ),
        (d, k, s), "root complex", "COV 09: Cleared or Programmed to Programmed", occurs(e.rp_key_prog, d=d, k=k, s=s),
        DropUpdate("root_port", "rp_key_prog", "root_port.key"), flow="cove-io",
    ),
    # --- K_SET_GO -----------------------------------------------------------------------------------------------------
    law(
        "go-takes-a-programmed-key-into-use",
        "K_SET_GO takes a key into use that was programmed. A port answers none without such a key, unless it acknowledges everything.",
        Never(
            tuple(
                occurs(
                    x,
                    d=d,
                    k=k,
                    s=s,
                    where=neg(
                        ite(
                            slots[d, k, s].in_("PROGRAMMED", "SPENT"),
                            after(slots[d, k, s]) == "ENABLED",
                            (after(slots[d, k, s]) == slots[d, k, s]) & (TRUE if port is ENDPOINT else FALSE) & _LENIENT,
                        )
                    ),
                )
                for port, slots, x in _GOES
            )
        ),
        (d, k, s), "device", "P63 §6.33.3 K_SET_GO: no acknowledgement is recommended; COV 09: INVALID_STATE",
        tuple(occurs(x, d=d, k=k, s=s) for _, _, x in _GOES), DropCheck("endpoint", "ep_rx_go", "programmed"),
    ),
    law(
        "go-is-left-unanswered-only-without-a-key",
        "A port turns K_SET_GO down only where no programmed key is there to be used.",
        Never(
            tuple(
                occurs(x, d=d, k=k, s=s, reply=REFUSED, where=slots[d, k, s].in_("PROGRAMMED", "SPENT"))
                for _, slots, x in _GOES
            )
        ),
        (d, k, s), "device", "P63 §6.33.3 K_SET_GO; COV 09", tuple(occurs(x, d=d, k=k, s=s, reply=REFUSED) for _, _, x in _GOES),
        SwapValue("endpoint", "ep_rx_go", ENDPOINT.rx[d, k, s], "PROGRAMMED", "ENABLED"), protects="host",
    ),
    law(
        "go-to-the-endpoint-comes-in-the-tsms-session",
        "K_SET_GO reaches the endpoint in the TSM's session only, even where it is left unanswered.",
        StepLaw((occurs(e.ep_rx_go, d=d, reply=None), occurs(e.ep_tx_go, d=d, reply=None)), Device.tsm_session[d]),
        (d,), "device", "P63 §6.33.3: no IDE_KM outside of a secure session", occurs(e.ep_tx_go, d=d),
        DropCondition("endpoint", "ep_rx_go", 0),
    ),
    law(
        "a-transmitter-leaves-the-old-set-for-good",
        "A transmitter whose last sub-stream takes the new set sends with that set, and keeps no key of the old one.",
        Never(
            tuple(
                occurs(
                    x,
                    d=d,
                    k=k,
                    s=s,
                    where=port.tx[d, k, s].in_("PROGRAMMED", "SPENT")
                    & forall(s2, (s2 == s) | (port.tx[d, k, s2] == "ENABLED"))
                    & neg(
                        after(port.sends(k)) & forall(k2, (k2 == k) | forall(s2, after(port.tx[d, k2, s2]) == "CLEARED"))
                    ),
                )
                for port, x in ((ENDPOINT, e.ep_tx_go), (ROOT_PORT, e.rp_tx_go))
            )
        ),
        (d, k, s), "device", "P63 §6.33.3: the older set must be programmed again before it is used",
        occurs(e.rp_tx_go, d=d, k=k), DropUpdate("root_port", "rp_tx_go", "root_port.tx"), flow="cove-io",
    ),
    law(
        "no-key-message-is-sent-out-of-turn",
        "The TSM sends a key message, even one that is refused, only while it sets up or refreshes, and for the set that is next.",
        Never(
            tuple(
                occurs(x, d=d, k=k, reply=None, where=neg(Tsm.in_phase("keying", "refreshing") & (Tsm.set[d] == k)))
                for x in (e.ep_key_prog, e.rp_key_prog, e.ep_rx_go, e.rp_rx_go, e.ep_tx_go, e.rp_tx_go)
            )
        ),
        (d, k), "TSM", "P63 §6.33.3; COV 07", _KEY_MESSAGES, DropCondition("tsm", "rp_rx_go", 1), protects="host",
    ),
    law(
        "the-root-port-is-told-to-go-after-it-was-keyed",
        "Once it has keyed the endpoint, the TSM tells the root port to use the set only after it was given its key, even where that is refused.",
        Precedence(
            occurs(e.rp_key_prog, d=d, k=k, s=s),
            (occurs(e.rp_rx_go, d=d, k=k, s=s, reply=None), occurs(e.rp_tx_go, d=d, k=k, s=s, reply=None)),
            After(occurs(e.ep_key_prog, d=d, k=k, s=s)),
        ),
        (d, k, s), "TSM", "P63 §6.33.3: keys for both ports before either uses them", occurs(e.rp_rx_go, d=d, k=k, s=s),
        DropCheck("tsm", "rp_rx_go", "in order"), protects="host",
    ),
    # --- K_SET_STOP ---------------------------------------------------------------------------------------------------
    law(
        "stop-takes-keys-out-of-use-at-both-ports",
        "K_SET_STOP takes the keys of a direction out of use at the root port, and at the endpoint while the TSM's session lives; else the "
        "endpoint does not hear of it. The status stays.",
        Never(
            tuple(
                occurs(
                    x,
                    d=d,
                    where=exists(k2, exists(s2, after(ROOT_PORT.slots(way)[d, k2, s2]) == "ENABLED"))
                    | (Device.tsm_session[d] & exists(k2, exists(s2, after(ENDPOINT.slots(way)[d, k2, s2]) == "ENABLED")))
                    | neg(Device.tsm_session[d] | _unchanged(ENDPOINT))
                    | (after(ENDPOINT.status[d]) != ENDPOINT.status[d])
                    | (after(ROOT_PORT.status[d]) != ROOT_PORT.status[d]),
                )
                for x, way in ((e.stop_tx, "tx"), (e.stop_rx, "rx"))
            )
        ),
        (d,), "device", "P63 §6.33.3 K_SET_STOP; COV 09", (occurs(e.stop_tx, d=d), occurs(e.stop_rx, d=d)),
        DropUpdate("endpoint", "stop_tx", "endpoint.tx"), flow="cove-io",
    ),
    law(
        "the-host-stops-a-set-that-is-in-use",
        "A host that stops the endpoint's set has a session where one is asked for, and stops a set that the receiver takes: none of its "
        "slots holds a key then.",
        StepLaw(
            occurs(e.host_set_stop, d=d),
            (Device.host_session[d] | (ide_km_binding == "none"))
            & ENDPOINT.receives("k0")
            & implies(stop_on_other_session == "discarded", ENDPOINT.holds("host"))
            & forall(s2, after((ENDPOINT.rx[d, "k0", s2] == "CLEARED") & (ENDPOINT.tx[d, "k0", s2] == "CLEARED"))),
        ),
        (d,), "device", "P63 §6.33.3 K_SET_STOP", occurs(e.host_set_stop, d=d), DropUpdate("endpoint", "host_set_stop", "endpoint.rx"),
    ),
    # --- What sessions and the TSM's other messages do to the ports ---------------------------------------------------
    law(
        "the-end-of-the-keying-session-takes-its-keys",
        "A session that ends takes down at the endpoint the stream that was keyed over it: at once, or the endpoint remembers to do so at "
        "the next keying. A session that keyed nothing leaves the stream alone.",
        Never(
            tuple(
                occurs(
                    x,
                    d=d,
                    where=neg(
                        ite(
                            keyed,
                            ite(
                                session_loss == "at_once",
                                after(_empty(ENDPOINT)) & neg(after(ENDPOINT.secure)),
                                after(ORPHAN[d]),
                            ),
                            _unchanged(ENDPOINT),
                        )
                    ),
                )
                for x, keyed in _ENDS
            )
        ),
        (d,), "device", "P63 §11.4.5, §6.33.3", tuple(occurs(x, d=d) for x, _ in _ENDS),
        DropUpdate("endpoint", "get_version", "endpoint.status"),
    ),
    law(
        "a-connect-locks-a-root-port-that-is-off",
        "Once the TSM has begun to connect, the root port's register block is Locked, its Enable bit clear, and no key in use.",
        StepLaw(
            occurs(e.device_connect, d=d),
            after(LOCKED[d]) & neg(after(ROOT_PORT.enable[d])) & implies(ROOT_PORT.secure, after(_empty(ROOT_PORT))),
        ),
        (d,), "root complex", "COV 07: registers first, Enable clear; Arm RME", occurs(e.device_connect, d=d),
        DropUpdate("root_port", "device_connect", "root_port.locked"),
    ),
    law(
        "an-idle-tsm-has-left-the-root-port",
        "While the TSM has nothing to do with a device, the root port's register block is not Locked and holds no key of the TSM.",
        Invariant(
            implies(Tsm.in_phase("idle"), neg(LOCKED[d]) & neg(ROOT_PORT.holds("tsm")) & neg(ROOT_PORT.holds("stale")))
        ),
        (d,), "TSM", "COV 07: keys are cleared; TF-RMM: the register block is unlocked last", Tsm.in_phase("closing"),
        DropUpdate("root_port", "rp_close", "root_port.locked"),
    ),
    law(
        "a-port-that-the-tsm-takes-down-is-empty",
        "A root port at which the TSM closes the stream is disabled and Insecure; blocked, it has no key left either, and is unlocked.",
        StepLaw(
            (occurs(e.rp_close, d=d), occurs(e.stream_block, d=d)),
            neg(after(ROOT_PORT.enable[d])) & (after(ROOT_PORT.status[d]) == "INSECURE") & implies(ROOT_PORT.secure, after(_empty(ROOT_PORT))),
        ),
        (d,), "root complex", "COV 07; 2023 TDX module sources: IDE.STREAM.BLOCK", (occurs(e.rp_close, d=d), occurs(e.stream_block, d=d)),
        DropUpdate("root_port", "stream_block", "root_port.enable"), flow="tdx-connect",
    ),
    # --- TLPs ---------------------------------------------------------------------------------------------------------
    law(
        "a-tlp-of-the-stream-is-taken-by-a-secure-port",
        "A port takes a TLP of the stream while it is enabled and Secure, with a key set that its receiver takes; it goes by that set from "
        "then on, forgets the one before, and stays as it is else.",
        Never(tuple(occurs(x, d=d, k=k, s=s, where=neg(_takes(port))) for port, x in _RECEIVERS)),
        (d, k, s), "device", "P63 §6.33.3, §6.33.8", tuple(occurs(x, d=d, k=k, s=s) for _, x in _RECEIVERS),
        DropUpdate("endpoint", "tlp_down", "endpoint.rx"),
    ),
    law(
        "a-tlp-is-turned-down-for-these-reasons-only",
        "A TLP is misrouted only where the stream is not enabled, discarded only where the port is not Secure, fails only without a key that "
        "both ports hold, and is rejected only for its T bit.",
        Never(
            (
                *(occurs(x, d=d, reply="MISROUTED", where=port.enable[d]) for port, x in _RECEIVERS),
                *(occurs(x, d=d, reply="DISCARDED", where=port.secure) for port, x in _RECEIVERS),
                *(
                    occurs(x, d=d, k=k, s=s, reply="CHECK_FAILED", where=neg(port.secure) | ((port.rx[d, k, s] == "ENABLED") & agree(s, k)))
                    for port, x in _RECEIVERS
                ),
                occurs(e.tlp_up, d=d, reply="REJECTED", where=neg(e.tbit) | LOCKED[d]),
                occurs(e.tlp_down, d=d, reply="REJECTED", where=neg(e.tbit) | (Tdi.use[d] == "run")),
            )
        ),
        (d, k, s), "device", "P63 §6.33.8, §11.2.1; Arm RKZBHV", tuple(occurs(x, d=d, reply=REFUSED) for _, x in _RECEIVERS),
        SwapValue("endpoint", "tlp_down", ENDPOINT.status[d], "SECURE", "FAILED"), protects="host",
    ),
    law(
        "a-failed-check-takes-the-stream-down",
        "A port at which the check of a TLP fails was Secure, has failed then, and holds no key of the stream.",
        Never(
            tuple(
                occurs(x, d=d, reply="CHECK_FAILED", where=neg((after(port.status[d]) == "FAILED") & after(_empty(port))))
                for port, x in _RECEIVERS
            )
        ),
        (d,), "device", "P63 §6.33.8: IDE Check Failed", tuple(occurs(x, d=d, reply="CHECK_FAILED") for _, x in _RECEIVERS),
        DropUpdate("endpoint", "tlp_down/CHECK_FAILED", "endpoint.key"),
    ),
    law(
        "a-port-sends-with-the-set-that-its-transmitter-uses",
        "A port sends TLPs of the stream while it is Secure, and with a key set that its transmitter uses on all sub-streams.",
        Never(
            tuple(
                occurs(x, d=d, k=k, reply=None, where=neg(port.secure & port.sends(k)))
                for port, x in ((ENDPOINT, e.tlp_up), (ROOT_PORT, e.tlp_down))
            )
        ),
        (d, k), "device", "P63 §6.33.3: one that toggled a sub-stream uses the new set for all; §6.33.8", occurs(e.tlp_down, d=d, k=k),
        DropCondition("root_port", "tlp_down", 1), protects="host",
    ),
    law(
        "tbit-arrives-at-a-locked-register-block-only",
        "The root port takes a TLP with T=1 only while the register block of its stream is Locked, whoever keyed it and whatever the device is.",
        StepLaw(occurs(e.tlp_up, d=d, tbit=True), LOCKED[d]),
        (d,), "root complex", "Arm RKZBHV; P63 §11.5", occurs(e.tlp_up, d=d, tbit=True),
        DropCheck("root_port", "tlp_up", "T=1 only on a Locked stream"), flow="cove-io", rp_keys_by="host", rp_enable_by="host",
        device="hostile",
    ),
    law(
        "a-tee-limited-port-sends-its-other-requests-elsewhere",
        "A port whose stream is TEE-limited sends no request with T=0 over it.",
        Never(
            (
                occurs(e.tlp_up, d=d, tbit=False, reply=None, where=tee_limited != "none"),
                occurs(e.tlp_down, d=d, tbit=False, reply=None, where=tee_limited == "both"),
            )
        ),
        (d,), "device", "P63 §6.33.4, §7.9.26", occurs(e.tlp_up, d=d), DropCheck("endpoint", "tlp_up", "of the stream"), protects="host",
    ),
    law(
        "a-switch-reads-only-what-is-sent-over-its-link",
        "A switch between the two ports reads what the endpoint sends over a Link stream that is Secure, and nothing of a Selective one.",
        StepLaw(occurs(e.switch_reads, d=d), (stream_kind == "link") & ENDPOINT.secure),
        (d,), "host", "M12; COV 07; P63 §6.33.8: a port that is not Secure sends nothing of the stream", occurs(e.switch_reads, d=d),
        DropCondition("endpoint", "switch_reads", 2), flow="cove-io", stream_kind="link", protects="host",
    ),
)  # fmt: skip
