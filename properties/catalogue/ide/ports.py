"""The two ports: when each is Secure, what the other learns of it, and what connecting and disconnecting promise."""

from __future__ import annotations

from ....model.language import after, exists, forall, implies, neg
from ....model.language.mutate import DropCheck, DropUpdate
from ....model.world.ide import events as e
from ....model.world.ide.state import ENDPOINT, ROOT_PORT, Device, Tdi, Tsm, k2, s2
from ....model.world.vocabulary import d
from ...formulas import Abstraction, AlwaysPossible, Invariant, Refines, StepLaw
from ...property import Kill, Property, Witness
from ...steps import Step, occurs
from ..promise import only_if
from .abstraction import MAPPING, STREAM, STREAM_THAT_FORGETS
from .observations import BOTH_SECURE, loses

_USED = Tsm.in_phase("connected", "refreshing")
_NO_KEY_IN_USE = forall(
    k2,
    forall(
        s2,
        (ROOT_PORT.rx[d, k2, s2] != "ENABLED")
        & (ROOT_PORT.tx[d, k2, s2] != "ENABLED")
        & (
            (ENDPOINT.key[d, k2, s2] == "host")
            | ((ENDPOINT.rx[d, k2, s2] != "ENABLED") & (ENDPOINT.tx[d, k2, s2] != "ENABLED"))
        ),
    ),
)

PROPERTIES = (
    Property(
        id="a-failed-endpoint-takes-the-root-port-down",
        says="While the endpoint's stream has failed, the root port's is not Secure.",
        formula=Invariant(implies(ENDPOINT.status[d] == "FAILED", neg(ROOT_PORT.secure))),
        over=(d,),
        protects="guest",
        cite="P63 §6.33.8: a port that leaves Secure tells its partner by an IDE Fail message",
        if_violated="The message that should tell the root port travels through the fabric, and the fabric can drop it. The root port goes on as Secure, and what it sends is discarded at the device.",
        if_holds="Both ports fail together. Whoever reads one status register knows both.",
        witness=Witness(ENDPOINT.status[d] == "FAILED"),
    ),
    Property(
        id="secure-is-mutual",
        says="While a device is connected, its root port is Secure only when the endpoint is.",
        formula=Invariant(implies(_USED & ROOT_PORT.secure, ENDPOINT.secure)),
        over=(d,),
        protects="host",
        cite="P63 §6.33.8: Enable cleared at one port is told to nobody",
        if_violated="The endpoint's Enable bit is the host's to clear, and no message follows. The root port counts as Secure and talks to nobody.",
        if_holds="A Secure root port has a Secure partner. Its status can be taken for that of the stream.",
        witness=Witness(_USED & ROOT_PORT.secure),
    ),
    only_if(
        "connected-means-both-ports-secure",
        "When the TSM reports a device as connected, both ports of its stream are Secure.",
        occurs(e.connect_done, d=d), BOTH_SECURE, over=(d,), protects="host", binds="TSM",
        cite="COV 07: the stream's link is set up; AMD host driver drops the result of enabling it",
        if_violated="The device is reported as connected over a stream that at least one port never had up. Nothing leaks, and nothing works.",
        if_holds="Connected means protected. Whoever is told so may rely on the stream from then on.",
        kill=Kill((DropCheck("tsm", "connect_done", "endpoint Secure"),), "linux-tsm"),
    ),
    Property(
        id="disconnect-leaves-no-key-in-use",
        says="When a disconnect is done, no key of the TSM is in use at either port.",
        formula=StepLaw(
            tuple(occurs(event, d=d, where=after(Tsm.in_phase("idle"))) for event in (e.end_session, e.rp_close)),
            after(_NO_KEY_IN_USE),
        ),
        over=(d,),
        protects="host",
        binds="TSM",
        cite="COV 07; TF-RMM dev_assign_ide_disconnect",
        witness=Witness(Tsm.in_phase("closing_1")),
        kill=Kill(
            (DropUpdate("root_port", "stop_tx", "root_port.tx"), DropUpdate("root_port", "end_session", "root_port.tx")),
            "cove-io",
        ),
    ),
    Property(
        id="no-secure-endpoint-without-its-session",
        says="The endpoint is Secure with keys of the TSM only while the TSM's session lives.",
        formula=Invariant(implies(ENDPOINT.secure & ENDPOINT.holds("tsm"), Device.tsm_session[d])),
        over=(d,),
        protects="guest",
        binds="device",
        cite="P63 §11.4.5 against §6.33.3",
        witness=Witness(ENDPOINT.secure & ENDPOINT.holds("tsm")),
        kill=Kill(
            tuple(DropUpdate("endpoint", "get_version", f"endpoint.{name}") for name in ("status", "rx", "tx", "key")),
            "cove-io",
        ),
    ),
    Property(
        id="loss-at-the-endpoint-ends-run",
        says="When the endpoint leaves Secure, a TDI that runs over the stream leaves RUN in the same step.",
        formula=StepLaw(loses(ENDPOINT), implies(Tdi.use[d] == "run", after(Tdi.use[d] != "run"))),
        over=(d,),
        protects="guest",
        binds="device",
        cite="P63 §11.2, §11.4.5",
        witness=Witness(Step(None, {}, None, ENDPOINT.secure & after(~ENDPOINT.secure) & (Tdi.use[d] == "run"))),
        kill=Kill((DropUpdate("tdi", "ep_disable", "tdi.use"),), "cove-io"),
    ),
    Property(
        id="run-means-both-ports-secure",
        says="A TDI is in RUN only while both ports of its stream are Secure.",
        formula=Invariant(implies(Tdi.use[d] == "run", BOTH_SECURE)),
        over=(d,),
        protects="guest",
        cite="P63 §6.33.1, §6.33.8: the root port's loss reaches the device by a message, or not at all",
        if_violated="The root port has lost the stream, or never had it, and the device runs on. Its TLPs end at the root port.",
        if_holds="RUN means a protected link from end to end. Whoever sees RUN need not ask either port.",
        witness=Witness(Tdi.use[d] == "run"),
    ),
    Property(
        id="the-device-can-always-be-reset",
        says="Whatever has happened to the stream, a conventional reset is possible and clears it at the endpoint.",
        formula=AlwaysPossible(
            occurs(
                e.conventional_reset,
                d=d,
                where=after(neg(ENDPOINT.enable[d]) & neg(ENDPOINT.secure) & neg(ENDPOINT.holds("tsm"))),
            )
        ),
        over=(d,),
        protects="host",
        cite="P63 §6.33.8, §11.4.8",
        witness=Witness(ENDPOINT.status[d] == "FAILED"),
        kill=Kill((DropUpdate("endpoint", "conventional_reset", "endpoint.enable"),), "cove-io"),
    ),
    Property(
        id="the-full-stream-refines-that-of-the-lifecycle",
        says="Every step of the stream in full is a step of the lifecycle's abstract stream, or leaves it as it is.",
        formula=Refines(Abstraction(STREAM), MAPPING),
        protects="guest",
        cite="[D] the lifecycle takes NONE, KEYED, SECURE and INSECURE for the whole stream",
        if_violated="The abstract stream lacks a step that the full one can take. What the lifecycle proves says nothing of runs with that step.",
        if_holds="Whatever is proved of the lifecycle's stream holds of the stream in full. The abstraction hides nothing.",
        witness=Witness(exists(d, BOTH_SECURE)),
        kill=Kill((DropUpdate("device", "device_connect", "device.host_session"),), "cove-io"),
    ),
    Property(
        id="the-full-stream-refines-one-that-can-forget",
        says="With one more step (a connect at whose end some keys are gone already) the lifecycle's stream is refined by the full one with several sub-streams too.",
        formula=Refines(Abstraction(STREAM_THAT_FORGETS), MAPPING),
        protects="guest",
        cite="P63 §6.33.3 K_SET_STOP, §6.33.8 FLR of Function 0, §7.9.26 Enable cleared",
        if_violated="Some further step is missing in the abstract stream, or the full one does what no port may. The trace ends in that step.",
        if_holds="That step is all that the abstract stream lacks, and it is a connect followed by a loss. Everything else that ports, TSM and host do is a step of it.",
        witness=Witness(exists(d, BOTH_SECURE)),
        kill=Kill((DropUpdate("device", "device_connect", "device.host_session"),), "cove-io"),
    ),
)  # fmt: skip
