"""Laws of KEY_PROG, K_SET_GO and K_SET_STOP."""

from __future__ import annotations

from collections.abc import Callable

from .....model.language import FALSE, TRUE, Event, Term, after, conj, exists, forall, implies, ite, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.choices.ide import (
    go_without_key,
    ide_keys,
    ide_km_binding,
    live_key_prog,
    stop_on_other_session,
)
from .....model.world.ide import events as e
from .....model.world.ide.state import (
    ENDPOINT,
    LOCKED,
    ORPHAN,
    ROOT_PORT,
    Device,
    Port,
    Tsm,
    agree,
    k,
    k2,
    s,
    s2,
)
from .....model.world.vocabulary import d
from ....formulas import After, Never, Precedence
from ....property import Property
from ....steps import REFUSED, occurs
from ...law import law, possible, step_law
from .terms import HOSTS, KEY_MESSAGES, TSMS, port_unchanged

_GOES = (
    (ENDPOINT, ENDPOINT.rx, e.ep_rx_go),
    (ROOT_PORT, ROOT_PORT.rx, e.rp_rx_go),
    (ENDPOINT, ENDPOINT.tx, e.ep_tx_go),
    (ROOT_PORT, ROOT_PORT.tx, e.rp_tx_go),
)
_LENIENT = go_without_key == "ack"


def _kept(x: Term, _: str) -> Term:
    return after(x) == x


def _gone(x: Term, empty: str) -> Term:
    return after(x) == empty


def _others(port: Port, how: Callable[[Term, str], Term]) -> Term:
    """What becomes of the slots of all other sets and sub-streams, and of the sets by which the receiver goes."""
    slots = ((port.rx, "CLEARED"), (port.tx, "CLEARED"), (port.key, "none"))
    other = conj(*(how(x[d, k2, s2], empty) for x, empty in slots))
    return forall(k2, forall(s2, ((k2 == k) & (s2 == s)) | other)) & forall(s2, how(port.current[d, s2], "none"))


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
    return (ide_km_binding == "session") & (HOSTS if message is e.ep_key_prog else TSMS)


PROPERTIES: tuple[Property, ...] = (
    step_law(
        "key-prog-fills-the-slots-of-one-sub-stream",
        "KEY_PROG comes in the TSM's session and gives one sub-stream of one set the TSM's new key. All else at the endpoint stays, but for "
        "keys of a session that has closed: they go, and a Secure stream with them.",
        occurs(e.ep_key_prog, d=d, k=k, s=s),
        Device.tsm_session[d]
        & _programmed(ENDPOINT)
        & neg(after(ORPHAN[d]))
        & implies(ORPHAN[d], neg(after(ENDPOINT.secure)) & _others(ENDPOINT, _gone))
        & implies(neg(ORPHAN[d]), (after(ENDPOINT.status[d]) == ENDPOINT.status[d]) & _others(ENDPOINT, _kept)),
        (d, k, s), "device", "P63 §6.33.3 KEY_PROG: a new session's first keying wipes what an earlier one left",
        DropUpdate("endpoint", "ep_key_prog", "endpoint.key"), flow="cove-io",
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
    step_law(
        "the-host-keys-a-whole-set-at-once",
        "A host that keys the endpoint itself has a session for it where one is asked for. All slots of its set hold its key and are in use "
        "then, and the transmitter uses no other.",
        occurs(e.host_key_prog, d=d),
        (Device.host_session[d] | (ide_km_binding == "none"))
        & neg(after(ORPHAN[d]))
        & after(_taken_by_host(ENDPOINT))
        & implies(ORPHAN[d] & ENDPOINT.secure, after(ENDPOINT.status[d]) == "FAILED"),
        (d,), "device", "P63 §6.33.3 KEY_PROG, K_SET_GO", DropUpdate("endpoint", "host_key_prog", "endpoint.tx"),
    ),
    step_law(
        "the-host-keys-a-root-port-that-is-not-locked",
        "Where the host keys the root port, the register block is not Locked and its set not in use. All slots of the set hold its key and "
        "are in use then, and the transmitter uses no other.",
        occurs(e.host_rp_keys, d=d),
        neg(LOCKED[d]) & neg(_busy(ROOT_PORT, e.host_rp_keys)) & after(_taken_by_host(ROOT_PORT)),
        (d,), "root complex", "P63 §6.33.3; Arm RYHQQL; COV 09", DropCheck("root_port", "host_rp_keys", "not in use"),
        flow="cove-io", rp_keys_by="host", rp_enable_by="host", device="hostile",
    ),
    step_law(
        "a-new-key-of-the-endpoint-is-not-yet-the-root-ports",
        "A key that the endpoint has just been given is not the one that the root port holds in that place.",
        occurs(e.ep_key_prog, d=d, k=k, s=s), neg(after(agree(s, k))),
        (d, k, s), "TSM", "P63 §6.33.3: keys are new at every refresh",
        DropUpdate("root_port", "ep_key_prog", "root_port.key"), flow="arm-cca",
    ),
    step_law(
        "the-root-port-is-keyed-for-one-sub-stream",
        "The TSM's key fills the root port's slots of one sub-stream of a set that is not in use there, and leaves the others as they are.",
        occurs(e.rp_key_prog, d=d, k=k, s=s),
        neg(_busy(ROOT_PORT, e.rp_key_prog))
        & _programmed(ROOT_PORT)
        & (after(ROOT_PORT.status[d]) == ROOT_PORT.status[d])
        & _others(ROOT_PORT, _kept),
        (d, k, s), "root complex", "COV 09: Cleared or Programmed to Programmed",
        DropUpdate("root_port", "rp_key_prog", "root_port.key"), flow="cove-io",
    ),
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
        (d, k, s), "device", "P63 §6.33.3 K_SET_GO; COV 09",
        tuple(occurs(x, d=d, k=k, s=s, reply=REFUSED) for _, _, x in _GOES),
        SwapValue("endpoint", "ep_rx_go", ENDPOINT.rx[d, k, s], "PROGRAMMED", "ENABLED"), protects="host",
    ),
    step_law(
        "go-to-the-endpoint-comes-in-the-tsms-session",
        "K_SET_GO reaches the endpoint in the TSM's session only, even where it is left unanswered.",
        (occurs(e.ep_rx_go, d=d, reply=None), occurs(e.ep_tx_go, d=d, reply=None)), Device.tsm_session[d],
        (d,), "device", "P63 §6.33.3: no IDE_KM outside of a secure session", DropCondition("endpoint", "ep_rx_go", 0),
        witness=occurs(e.ep_tx_go, d=d),
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
        (d, k), "TSM", "P63 §6.33.3; COV 07", KEY_MESSAGES, DropCondition("tsm", "rp_rx_go", 1), protects="host",
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
                    | neg(Device.tsm_session[d] | port_unchanged(ENDPOINT))
                    | (after(ENDPOINT.status[d]) != ENDPOINT.status[d])
                    | (after(ROOT_PORT.status[d]) != ROOT_PORT.status[d]),
                )
                for x, way in ((e.stop_tx, "tx"), (e.stop_rx, "rx"))
            )
        ),
        (d,), "device", "P63 §6.33.3 K_SET_STOP; COV 09", (occurs(e.stop_tx, d=d), occurs(e.stop_rx, d=d)),
        DropUpdate("endpoint", "stop_tx", "endpoint.tx"), flow="cove-io",
    ),
    step_law(
        "the-host-stops-a-set-that-is-in-use",
        "A host that stops the endpoint's set has a session where one is asked for, and stops a set that the receiver takes: none of its "
        "slots holds a key then.",
        occurs(e.host_set_stop, d=d),
        (Device.host_session[d] | (ide_km_binding == "none"))
        & ENDPOINT.receives("k0")
        & implies(stop_on_other_session == "discarded", ENDPOINT.holds("host"))
        & forall(s2, after((ENDPOINT.rx[d, "k0", s2] == "CLEARED") & (ENDPOINT.tx[d, "k0", s2] == "CLEARED"))),
        (d,), "device", "P63 §6.33.3 K_SET_STOP", DropUpdate("endpoint", "host_set_stop", "endpoint.rx"),
    ),
    possible(
        "a-host-can-stop-the-set-that-it-keyed",
        "While the host's session lives, a set of the endpoint that the host keyed and that is in use can be stopped by it.",
        occurs(e.host_set_stop, d=d),
        Device.host_session[d] & ENDPOINT.receives("k0") & forall(s2, ENDPOINT.key[d, "k0", s2] == "host"),
        (d,), "device", "P63 §6.33.3 K_SET_STOP", SwapValue("endpoint", "host_set_stop", ENDPOINT.key[d, "k0", s2], "host", "none"),
        protects="host",
    ),
)  # fmt: skip
