"""Keys: their order, their use, whose they are, and that a refresh is not noticed."""

from __future__ import annotations

from ....model.language import FALSE, Check, after, implies, neg
from ....model.language.mutate import AddCheck, AddRule, DropCheck, DropUpdate, SetUpdate
from ....model.world.ide import events as e
from ....model.world.ide.state import ENDPOINT, LOCKED, ROOT_PORT, Device, Tdi, Tsm, agree, k, no_slot_enabled, s
from ....model.world.vocabulary import d
from ...formulas import After, Invariant, Never, Precedence, Sometimes, StepLaw
from ...property import Kill, Property, Witness
from ...steps import Step, occurs
from ..promise import only_after, only_if
from .observations import BOTH_SECURE, EP_TLP, KEY_MESSAGES, RP_TLP, gains, loses

_KEYED = After(occurs(e.ep_key_prog, d=d, k=k, s=s))
_GO_TX = tuple(occurs(event, d=d, k=k, s=s) for event in (e.ep_tx_go, e.rp_tx_go))
_ANY = Step(None, {}, None)
_K0 = ENDPOINT.tx["device0", "k0", "substream0"]

PROPERTIES = (
    only_after(
        "endpoint-sends-only-what-the-root-port-expects",
        "The endpoint's transmitter is told to use a key set only after the root port's receiver was.",
        occurs(e.ep_tx_go, d=d, k=k, s=s), occurs(e.rp_rx_go, d=d, k=k, s=s), _KEYED, over=(d, k, s), protects="guest",
        binds="TSM", cite="P63 §6.33.3: receivers at both ports, and only then transmitters",
        kill=Kill((DropCheck("tsm", "ep_tx_go", "in order"),), "cove-io"),
    ),
    only_after(
        "root-port-sends-only-what-the-endpoint-expects",
        "The root port's transmitter is told to use a key set only after the endpoint's receiver was.",
        occurs(e.rp_tx_go, d=d, k=k, s=s), occurs(e.ep_rx_go, d=d, k=k, s=s), _KEYED, over=(d, k, s), protects="guest",
        binds="TSM", cite="P63 §6.33.3",
        kill=Kill((DropCheck("tsm", "rp_tx_go", "in order"),), "cove-io"),
    ),
    only_if(
        "tlps-are-taken-only-under-a-key-that-both-hold",
        "A port takes a TLP of the stream only with a key set that its receiver was told to use and whose key both ports hold.",
        (EP_TLP, RP_TLP),
        agree(s, k) & (after(ROOT_PORT.rx[d, k, s] == "ENABLED") | after(ENDPOINT.rx[d, k, s] == "ENABLED")), over=(d, k, s),
        protects="guest", cite="P63 §6.33.5, §6.33.8",
        kill=Kill((DropCheck("root_port", "tlp_up", "authentic"),), "cove-io"),
    ),
    Property(
        id="no-key-starts-twice",
        says="No transmitter starts on a key that was used before, by itself or by another sub-stream.",
        formula=Never(
            (
                occurs(e.ep_tx_go, d=d, k=k, s=s, where=ENDPOINT.tx[d, k, s] == "SPENT"),
                occurs(e.rp_tx_go, d=d, k=k, s=s, where=ROOT_PORT.tx[d, k, s] == "SPENT"),
            )
        ),
        over=(d, k, s),
        protects="guest",
        binds="TSM",
        cite="P63 §6.33.3, §6.33.5: keys of their own, IVs counted from one; COV 09 keeps the key at K_SET_STOP",
        if_violated="Different TLPs are encrypted with the same key and the same IV. With AES-GCM that gives away the difference of the plaintexts, and the means to forge.",
        if_holds="A key belongs to one sub-stream of one direction, and starts once. Counting IVs from one is then safe until the counter ends.",
        witness=Witness(_GO_TX),
        # The root port is given a key that was in use already.
        kill=Kill((SetUpdate("root_port", "rp_key_prog", ROOT_PORT.tx[d, k, s], "SPENT"),), "cove-io"),
    ),
    Property(
        id="a-lost-stream-leaves-no-key-behind",
        says="A port that leaves Secure has no key in use afterwards.",
        formula=StepLaw(
            _ANY,
            implies(ENDPOINT.secure & neg(after(ENDPOINT.secure)), after(no_slot_enabled(ENDPOINT) | ENDPOINT.holds("host")))
            & implies(ROOT_PORT.secure & neg(after(ROOT_PORT.secure)), after(no_slot_enabled(ROOT_PORT))),
        ),
        over=(d,),
        protects="guest",
        cite="P63 §6.33.1, §6.33.8; COV 09",
        witness=Witness(loses(ROOT_PORT)),
        kill=Kill((DropUpdate("root_port", "rp_fails", "root_port.rx"),), "cove-io"),
    ),
    Property(
        id="secure-again-only-with-new-keys",
        says="After the endpoint has lost the stream it becomes Secure again only when new keys were programmed.",
        formula=Precedence(
            (occurs(e.ep_key_prog, d=d), occurs(e.host_key_prog, d=d)), gains(ENDPOINT), After(loses(ENDPOINT))
        ),
        over=(d,),
        protects="guest",
        binds="device",
        cite="P63 §6.33.1: Enable cleared, new keys and IVs, K_SET_GO, Enable set",
        witness=Witness(loses(ENDPOINT)),
        kill=Kill(
            (DropUpdate("endpoint", "ep_fails", "endpoint.rx"), DropUpdate("endpoint", "ep_fails", "endpoint.tx")), "cove-io"
        ),
    ),
    Property(
        id="secure-again-only-through-enable-cleared",
        says="A port that failed becomes Secure again only after its Enable bit was cleared.",
        formula=StepLaw(
            _ANY,
            implies(neg(ENDPOINT.secure) & after(ENDPOINT.secure), ENDPOINT.status[d] == "INSECURE")
            & implies(neg(ROOT_PORT.secure) & after(ROOT_PORT.secure), ROOT_PORT.status[d] == "INSECURE"),
        ),
        over=(d,),
        protects="guest",
        cite="P63 §6.33.1",
        witness=Witness(ENDPOINT.status[d] == "FAILED"),
        kill=Kill((SetUpdate("endpoint", "ep_tx_go", ENDPOINT.status[d], "SECURE"),), "cove-io"),
    ),
    Property(
        id="key-messages-leave-a-secure-port-secure",
        says="No key message of the TSM takes a Secure port out of Secure: a refresh is not noticed.",
        formula=StepLaw(
            KEY_MESSAGES,
            implies(ENDPOINT.secure, after(ENDPOINT.secure)) & implies(ROOT_PORT.secure, after(ROOT_PORT.secure)),
        ),
        over=(d,),
        protects="guest",
        cite="P63 §6.33.3; M5: the host may trigger a refresh at any time",
        witness=Witness(occurs(e.rp_tx_go, d=d, where=Tsm.in_phase("refreshing"))),
        kill=Kill((SetUpdate("endpoint", "ep_rx_go", ENDPOINT.status[d], "INSECURE"),), "cove-io"),
    ),
    Property(
        id="no-gap-in-a-refresh",
        says="While a device is connected, the TSM's session lives and a port is Secure, its transmitter has a key set to send with, also in a refresh.",
        formula=Invariant(
            implies(
                Tsm.in_phase("connected", "refreshing") & Device.tsm_session[d],
                implies(ENDPOINT.secure, ENDPOINT.sends("k0") | ENDPOINT.sends("k1"))
                & implies(ROOT_PORT.secure, ROOT_PORT.sends("k0") | ROOT_PORT.sends("k1")),
            )
        ),
        over=(d,),
        protects="guest",
        cite="P63 §6.33.3: the old set serves until the new one does",
        witness=Witness(Tsm.in_phase("refreshing") & BOTH_SECURE),
        kill=Kill((AddRule("endpoint", e.ide_refresh, _K0, "CLEARED"),), "cove-io"),
    ),
    Property(
        id="a-refresh-fails-no-tlp",
        says="While the TSM refreshes keys, no TLP that the endpoint sends under the TSM's keys fails the root port's check.",
        formula=Never(
            occurs(
                e.tlp_up,
                d=d,
                k=k,
                s=s,
                reply="CHECK_FAILED",
                where=Tsm.in_phase("refreshing") & (ENDPOINT.key[d, k, s] == "tsm"),
            )
        ),
        over=(d, k, s),
        protects="guest",
        binds="TSM",
        cite="P63 §6.33.3",
        if_violated="The endpoint uses a set that the root port does not take yet, or has forgotten. The refresh itself takes the stream down.",
        if_holds="Traffic goes on during a refresh. Whichever set a TLP uses, the root port has it.",
        witness=Witness(occurs(e.tlp_up, d=d, k=k, s=s, where=Tsm.in_phase("refreshing"))),
        kill=Kill((DropCheck("tsm", "ep_tx_go", "in order"),), "cove-io"),
    ),
    Property(
        id="one-live-session-keys-the-stream",
        says="The host programs no key while a live session of the TSM has keyed the stream.",
        formula=Never(occurs(e.host_key_prog, d=d, where=Device.tsm_session[d] & ENDPOINT.holds("tsm"))),
        over=(d,),
        protects="guest",
        binds="device",
        cite="P63 §6.33.3, §11.4.5",
        witness=Witness(occurs(e.host_key_prog, d=d, reply=None, where=Device.tsm_session[d]), {"multi_session": True}),
        kill=Kill((DropCheck("endpoint", "host_key_prog", "keying session"),), "cove-io", {"multi_session": True}),
    ),
    only_if(
        "tvm-data-leaves-only-under-the-tsms-keys",
        "The endpoint sends TLPs with T=1 only under keys of the TSM.",
        occurs(e.tlp_up, d=d, k=k, s=s, tbit=True, reply=None), ENDPOINT.key[d, k, s] == "tsm", over=(d, k, s),
        protects="guest", binds="device", cite="M1: the host OS does not get to know the IDE keys; P63 §11.3.8",
        if_violated="The host has put its own key where the TSM's was, and the device encrypts a guest's data with it. Whoever watches the link reads it.",
        if_holds="A guest's data is on the link only under keys that the host never had. It can be dropped there, not read.",
        kill=Kill(
            (DropCheck("endpoint", "host_key_prog", "keying session"), DropCheck("endpoint", "host_key_prog", "not in use")),
            "cove-io",
            {"multi_session": True},
        ),
    ),
    Property(
        id="a-locked-stream-has-no-key-of-the-host",
        says="A root port whose register block is Locked is not Secure with a key of the host.",
        formula=Invariant(implies(LOCKED[d] & ROOT_PORT.secure, neg(ROOT_PORT.holds("host")))),
        over=(d,),
        protects="guest",
        binds="root complex",
        cite="M1; Arm RYHQQL; COV 05 T003",
        witness=Witness(LOCKED[d] & ROOT_PORT.secure),
        kill=Kill((DropCheck("root_port", "host_rp_keys", "not Locked"),), "cove-io", {"rp_keys_by": "host"}),
    ),
    Property(
        id="no-set-is-stopped-under-a-running-tdi",
        says="The host stops no key set of the stream while a TDI runs over it.",
        formula=Never(occurs(e.host_set_stop, d=d, where=(Tdi.use[d] == "run") & Device.tsm_session[d])),
        over=(d,),
        protects="guest",
        binds="device",
        cite="P63 §6.33.3 discards QUERY and KEY_PROG of a second session, and says nothing of K_SET_STOP",
        witness=Witness(occurs(e.host_set_stop, d=d, reply=None, where=Tdi.use[d] == "run"), {"multi_session": True}),
        kill=Kill((DropCheck("endpoint", "host_set_stop", "keying session"),), "cove-io", {"multi_session": True}),
    ),
    Property(
        id="a-stream-in-use-can-be-refreshed",
        says="The keys of a Secure stream over which a TDI runs can be refreshed without ending either.",
        formula=Sometimes(
            Tsm.in_phase("connected")
            & (Tsm.set[d] == "k1")
            & BOTH_SECURE
            & (Tdi.use[d] == "run")
            & ENDPOINT.sends("k1")
            & ROOT_PORT.sends("k1")
        ),
        over=(d,),
        protects="guest",
        cite="P63 §6.33.3; COV 09 ide_key_refresh",
        kill=Kill((AddCheck("tsm", "ide_refresh", Check("never", FALSE)),), "cove-io"),
    ),
)  # fmt: skip
