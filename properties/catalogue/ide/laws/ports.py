"""Laws of the two ports: enabling, failing, and what they hold."""

from __future__ import annotations

from .....model.language import after, conj, exists, implies, neg
from .....model.language.mutate import DropCondition, DropUpdate, SwapValue
from .....model.world.ide import events as e
from .....model.world.ide.state import (
    ENDPOINT,
    LOCKED,
    PORTS,
    ROOT_PORT,
    Tsm,
    k,
    k2,
    s,
)
from .....model.world.vocabulary import d
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import invariant, law, possible, step_law
from .terms import without_keys

PROPERTIES: tuple[Property, ...] = (
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
                    | (port.secure & neg(after(without_keys(port)))),
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
                occurs(x, d=d, where=neg(port.secure & (after(port.status[d]) == "FAILED") & after(without_keys(port))))
                for port, x in (
                    (ENDPOINT, e.ep_fails), (ROOT_PORT, e.rp_fails), (ROOT_PORT, e.fail_reaches_rp), (ENDPOINT, e.fail_reaches_ep),
                )
            )
        ),
        (d,), "device", "P63 §6.33.8", (occurs(e.ep_fails, d=d), occurs(e.rp_fails, d=d)),
        DropUpdate("endpoint", "ep_fails", "endpoint.key"),
    ),
    possible(
        "a-secure-port-can-fail",
        "A Secure port can fail at any time, for a reason that nobody can prevent.",
        occurs(e.ep_fails, d=d, cause="link_down"), ENDPOINT.secure,
        (d,), "device", "P63 §6.33.8", SwapValue("endpoint", "ep_fails", ENDPOINT.status[d], "SECURE", "FAILED"),
        witness=ENDPOINT.secure, protects="host",
    ),
    possible(
        "the-other-port-can-fail-as-well",
        "A Secure root port can fail at any time, for a reason that nobody can prevent.",
        occurs(e.rp_fails, d=d, cause="link_down"), ROOT_PORT.secure,
        (d,), "root complex", "P63 §6.33.8", SwapValue("root_port", "rp_fails", ROOT_PORT.status[d], "SECURE", "FAILED"),
        witness=ROOT_PORT.secure, protects="host",
    ),
    step_law(
        "reset-clears-the-endpoint",
        "A reset of the function that holds the IDE capability, or of the device, leaves the endpoint disabled, Insecure and without keys.",
        (occurs(e.function0_reset, d=d), occurs(e.conventional_reset, d=d)),
        neg(after(ENDPOINT.enable[d])) & (after(ENDPOINT.status[d]) == "INSECURE") & after(without_keys(ENDPOINT)),
        (d,), "device", "P63 §6.33.8", DropUpdate("endpoint", "function0_reset", "endpoint.key"),
        witness=occurs(e.function0_reset, d=d),
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
    possible(
        "an-ide-fail-message-can-arrive-at-the-endpoint",
        "The IDE Fail message of a root port that has failed can reach the endpoint.",
        occurs(e.fail_reaches_ep, d=d), (ROOT_PORT.status[d] == "FAILED") & ENDPOINT.secure,
        (d,), "device", "P63 §6.33.8", SwapValue("endpoint", "fail_reaches_ep", ROOT_PORT.status[d], "FAILED", "INSECURE"),
        witness=(ROOT_PORT.status[d] == "FAILED") & ENDPOINT.secure,
    ),
    possible(
        "an-ide-fail-message-can-arrive-at-the-root-port",
        "The IDE Fail message of an endpoint that has failed can reach the root port.",
        occurs(e.fail_reaches_rp, d=d), (ENDPOINT.status[d] == "FAILED") & ROOT_PORT.secure,
        (d,), "root complex", "P63 §6.33.8",
        SwapValue("root_port", "fail_reaches_rp", ENDPOINT.status[d], "FAILED", "INSECURE"),
        witness=(ENDPOINT.status[d] == "FAILED") & ROOT_PORT.secure,
    ),
    invariant(
        "a-port-forgets-a-key-with-its-last-slot",
        "A port knows a key exactly as long as a slot of its receiver or its transmitter holds it.",
        conj(
            *(
                (port.key[d, k, s] == "none") == ((port.rx[d, k, s] == "CLEARED") & (port.tx[d, k, s] == "CLEARED"))
                for port in PORTS
            )
        ),
        (d, k, s), "device", "P63 §6.33.3, §6.33.8: keys are made unreadable", ENDPOINT.key[d, k, s] == "tsm",
        DropUpdate("root_port", "rp_fails", "root_port.key"), flow="cove-io",
    ),
    invariant(
        "a-receiver-goes-by-a-set-that-it-takes",
        "A receiver goes by a key set that it takes, and by none only when it takes none.",
        conj(
            *(
                implies(port.current[d, s] == k, port.rx[d, k, s] == "ENABLED")
                & implies(port.rx[d, k, s] == "ENABLED", port.current[d, s] != "none")
                for port in PORTS
            )
        ),
        (d, k, s), "device", "P63 §6.33.3: the K bit toggles at the first TLP with the new set", ENDPOINT.current[d, s] == k,
        DropUpdate("endpoint", "ep_rx_go", "endpoint.current"), flow="cove-io",
    ),
    invariant(
        "a-port-with-enable-and-keys-in-use-is-secure",
        "A port whose Enable bit is set is Secure when a key set is in use in both directions, unless it failed; without Enable it is not.",
        conj(
            *(
                implies(port.enable[d] & port.in_use(), port.status[d] != "INSECURE")
                & implies(neg(port.enable[d]), port.status[d] == "INSECURE")
                for port in PORTS
            )
        ),
        (d,), "device",
        "P63 §6.33.1, §7.9.26: whichever comes last makes it Secure; Insecure reads whenever Enable is clear",
        ENDPOINT.enable[d] & ENDPOINT.in_use(), DropUpdate("endpoint", "ep_tx_go", "endpoint.status"), protects="host",
    ),
    step_law(
        "a-connect-locks-a-root-port-that-is-off",
        "Once the TSM has begun to connect, the root port's register block is Locked, its Enable bit clear, and no key in use.",
        occurs(e.device_connect, d=d),
        after(LOCKED[d]) & neg(after(ROOT_PORT.enable[d])) & implies(ROOT_PORT.secure, after(without_keys(ROOT_PORT))),
        (d,), "root complex", "COV 07: registers first, Enable clear; Arm RME",
        DropUpdate("root_port", "device_connect", "root_port.locked"),
    ),
    invariant(
        "an-idle-tsm-has-left-the-root-port",
        "While the TSM has nothing to do with a device, the root port's register block is not Locked and holds no key of the TSM.",
        implies(Tsm.in_phase("idle"), neg(LOCKED[d]) & neg(ROOT_PORT.holds("tsm")) & neg(ROOT_PORT.holds("stale"))),
        (d,), "TSM", "COV 07: keys are cleared; TF-RMM: the register block is unlocked last", Tsm.in_phase("closing"),
        DropUpdate("root_port", "rp_close", "root_port.locked"),
    ),
    step_law(
        "a-port-that-the-tsm-takes-down-is-empty",
        "A root port at which the TSM closes the stream is disabled and Insecure; blocked, it has no key left either, and is unlocked.",
        (occurs(e.rp_close, d=d), occurs(e.stream_block, d=d)),
        neg(after(ROOT_PORT.enable[d])) & (after(ROOT_PORT.status[d]) == "INSECURE") & implies(ROOT_PORT.secure, after(without_keys(ROOT_PORT))),
        (d,), "root complex", "COV 07; 2023 TDX module sources: IDE.STREAM.BLOCK",
        DropUpdate("root_port", "stream_block", "root_port.enable"), flow="tdx-connect",
    ),
)  # fmt: skip
