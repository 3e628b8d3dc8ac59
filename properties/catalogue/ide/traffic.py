"""TLPs: nothing in the clear, and T=1 only over the TSM's own stream."""

from __future__ import annotations

from ....model.language import implies
from ....model.language.mutate import DropCheck, DropUpdate
from ....model.world.choices.ide import tee_limited
from ....model.world.ide import events as e
from ....model.world.ide.state import ENDPOINT, LOCKED, ROOT_PORT, Tdi, agree, k, s
from ....model.world.vocabulary import d
from ...formulas import Never, StepLaw
from ...property import Kill, Property, Witness
from ...steps import occurs
from ..promise import only_if

_HOST_KEYS = {"rp_keys_by": "host", "rp_enable_by": "host", "device": "hostile"}

PROPERTIES = (
    Property(
        id="nothing-in-the-clear-while-enabled",
        says="A port whose stream is enabled sends no TLP of it in the clear, whether the stream is Secure or not.",
        formula=Never(
            (
                occurs(e.clear_up, d=d, where=ENDPOINT.enable[d] & (e.tbit | (tee_limited == "none"))),
                occurs(e.clear_down, d=d, where=ROOT_PORT.enable[d] & (e.tbit | (tee_limited != "both"))),
            )
        ),
        over=(d,),
        protects="guest",
        cite="P63 §6.33.8: no fall-back to non-IDE or Link IDE",
        witness=Witness((occurs(e.clear_up, d=d), occurs(e.clear_down, d=d))),
        kill=Kill((DropCheck("endpoint", "clear_up", "not of an enabled stream"),), "cove-io"),
    ),
    Property(
        id="no-tbit-in-the-clear",
        says="No TLP with T=1 leaves a port outside of an IDE stream.",
        formula=Never((occurs(e.clear_up, d=d, tbit=True), occurs(e.clear_down, d=d, tbit=True))),
        over=(d,),
        protects="guest",
        cite="P63 §11.2.1, §11.5; Arm RDVKPF: rejected, not downgraded",
        witness=Witness((occurs(e.clear_up, d=d), occurs(e.clear_down, d=d))),
        kill=Kill((DropCheck("root_port", "clear_down", "no T=1 outside of a stream"),), "cove-io"),
    ),
    only_if(
        "root-port-takes-tbit-only-over-a-locked-secure-stream",
        "The root port takes a TLP with T=1 only over a stream that is Locked and Secure there, from an endpoint that is Secure and holds the TSM's key.",
        occurs(e.tlp_up, d=d, k=k, s=s, tbit=True),
        LOCKED[d] & ROOT_PORT.secure & ENDPOINT.secure & agree(s, k) & (ENDPOINT.key[d, k, s] == "tsm"), over=(d, k, s),
        protects="guest", binds="root complex", cite="Arm RKZBHV; P63 §11.5",
        kill=Kill(
            (
                DropCheck("root_port", "tlp_up", "T=1 only on a Locked stream"),
                DropUpdate("root_port", "device_connect", "root_port.locked"),
            ),
            "cove-io",
        ),
    ),
    only_if(
        "root-port-sends-tbit-only-over-a-locked-secure-stream",
        "The root port sends a TLP with T=1 only over a stream that is Locked and Secure there.",
        occurs(e.tlp_down, d=d, tbit=True, reply=None), LOCKED[d] & ROOT_PORT.secure, over=(d,), protects="guest",
        binds="root complex", cite="Arm RDVKPF; P63 §11.5",
        kill=Kill((DropCheck("root_port", "tlp_down", "T=1 only on a Locked stream"),), "cove-io", _HOST_KEYS),
    ),
    Property(
        id="no-tbit-from-a-switch",
        says="The root port takes no TLP with T=1 that a switch sends it over a Link stream of its own.",
        formula=Never(occurs(e.inject_tbit, d=d)),
        over=(d,),
        protects="guest",
        binds="root complex",
        cite="M12; COV 04, 07: switches are outside the TCB; Arm RKZBHV",
        witness=Witness(occurs(e.inject_tbit, d=d, reply=None)),
        kill=Kill((DropCheck("root_port", "inject_tbit", "over the Locked stream"),), "cove-io"),
    ),
    Property(
        id="no-switch-reads-a-running-tdi",
        says="No switch on the way reads what a device sends while a TDI of it runs.",
        formula=Never(occurs(e.switch_reads, d=d, where=Tdi.use[d] == "run")),
        over=(d,),
        protects="guest",
        binds="TSM",
        cite="M12; COV 07: Selective streams only; P63 §11.1: Link IDE directly below the root port only",
        if_violated="The stream ends at a switch that the host controls, and a TDI runs over it. A guest's data is in the clear there.",
        if_holds="A stream that a switch can read carries no TDI. Link IDE from hop to hop never passes for the stream that TDISP asks for.",
        witness=Witness(occurs(e.switch_reads, d=d), {"stream_kind": "link"}),
        kill=Kill((DropCheck("tsm", "device_connect", "no switch can read"),), "cove-io", {"stream_kind": "link"}),
    ),
    Property(
        id="the-endpoint-sends-only-while-secure",
        says="An endpoint that is not Secure sends nothing over the stream, and T=1 only while a TDI runs.",
        formula=StepLaw(
            occurs(e.tlp_up, d=d, reply=None), ENDPOINT.secure & ENDPOINT.enable[d] & implies(e.tbit, Tdi.use[d] == "run")
        ),
        over=(d,),
        protects="guest",
        binds="device",
        cite="P63 §6.33.8, §11.2.1",
        witness=Witness(occurs(e.tlp_up, d=d, tbit=True, reply=None)),
        kill=Kill((DropCheck("tdi", "tlp_up", "T=1 only in RUN"),), "cove-io"),
    ),
)  # fmt: skip
