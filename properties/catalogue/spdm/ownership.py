"""Whose the mailbox is: native CMA beside a TSM, connect and disconnect, handover, what sysfs says."""

from __future__ import annotations

from dataclasses import replace

from ....model.language import FALSE, Check, after, forall, iff, implies, neg
from ....model.language.mutate import AddCheck, DropCheck, DropUpdate, DropWhen, SetUpdate
from ....model.world.choices.lifecycle import multi_session
from ....model.world.choices.resources import device_caps
from ....model.world.choices.spdm import claim, has_tsm
from ....model.world.spdm import events as e
from ....model.world.spdm.state import Host, Responder, Stream, Tdi, Tsm
from ....model.world.vocabulary import t
from ...formulas import AlwaysPossible, Invariant, Never, Sometimes
from ...property import Kill, Property, Witness
from ...steps import occurs, unchanged
from ..promise import only_if
from .observations import GET_VERSION_BY_OTHERS, SESSIONS, STREAM, TDI_OF_T, TSM_CONNECTED

_HONEST_CLAIM = {"host": "honest", "claim": "connect"}
_SECOND_CONNECT = occurs(e.device_connect, reply=None, where=Tsm.phase.in_("negotiated", "handshaking", "connected"))

PROPERTIES = (
    Property(
        id="no-get-version-by-others-while-the-tsms-session-lives",
        says="While the TSM's session is established, nobody else sends GET_VERSION on its connection.",
        formula=Never(tuple(replace(s, where=s.where & Responder.established) for s in GET_VERSION_BY_OTHERS)),
        protects="host",
        cite="M4: pci_cma_claim_ownership at connect; DSP0274 GET_VERSION; DOE r1.0",
        if_violated="Who has access to the mailbox ends the TSM's session, and its stream and TDIs with it. An operating system that merely authenticates the device again is enough.",
        if_holds="The mailbox has one owner at a time, and the others keep away. It takes an honest host that gives the mailbox up at connect, or connection ids.",
        witness=Witness(GET_VERSION_BY_OTHERS),
        kill=Kill((DropCheck("host", "cma_authenticate", "owns the mailbox"),), "linux-tsm", _HONEST_CLAIM),
    ),
    Property(
        id="ownership-from-connect-to-disconnect",
        says="From connect to disconnect the operating system's CMA has given the mailbox up to the TSM.",
        formula=Invariant(implies(Tsm.phase != "disconnected", Host.claimed)),
        protects="host",
        cite="M4; Linux PCI/CMA series: claimed by vfio-pci only",
        if_violated="There is a time at which the TSM has a session and native CMA still believes the mailbox its own. A reauthentication in it resets the TSM's connection.",
        if_holds="Native CMA keeps away for as long as the TSM needs the mailbox. Passthrough to a guest may come and go meanwhile.",
        witness=Witness(Tsm.phase != "disconnected"),
        kill=Kill((DropUpdate("host", "device_connect", "host.claimed"),), "linux-tsm", {"claim": "connect"}),
    ),
    Property(
        id="claimed-means-hands-off",
        says="While the mailbox is given up to another owner, the operating system's CMA does not authenticate the device.",
        formula=Never(occurs(e.cma_authenticate, where=Host.claimed)),
        protects="host",
        cite="Linux PCI/CMA series: OWNED_BY_GUEST, no reauthentication until ownership is returned",
        if_violated="The host resets the connection of a guest, or of the TSM, whose device it is. The claim is the host's own promise, and a hostile host breaks it.",
        if_holds="A claim is kept by who gave it. The new owner's connection is its own.",
        witness=Witness(Host.claimed, {"claim": "connect"}),
        kill=Kill((DropCheck("host", "cma_authenticate", "owns the mailbox"),), "linux-tsm", _HONEST_CLAIM),
    ),
    Property(
        id="one-session-where-one-is-served",
        says="A device that serves one session never has one of the TSM and one of the host at the same time, in a handover neither.",
        formula=Invariant(
            implies(neg(multi_session), neg((Responder.tsm_session != "NOT_STARTED") & Responder.host_session))
        ),
        protects="guest",
        cite="M4: authenticate first, hand over later; DSP0274 SessionLimitExceeded",
        if_violated="For a time both sides hold a session with a device that can tell only one. What each of them asks for is done in the name of the other.",
        if_holds="The earlier session has ended before the later one begins. A handover has no interval with two.",
        witness=Witness(Responder.tsm_session != "NOT_STARTED"),
        kill=Kill((DropCheck("responder", "host_session", "session limit"),), "linux-tsm"),
    ),
    Property(
        id="os-can-authenticate-after-the-tsm",
        says="Once the TSM has disconnected and no guest has the device, the operating system can authenticate it again.",
        formula=AlwaysPossible(
            occurs(e.cma_authenticate),
            (Tsm.phase == "disconnected") & implies(claim.in_("passthrough", "delayed"), neg(Host.claimed)),
        ),
        protects="host",
        cite="Linux PCI/CMA series: pci_cma_return_ownership",
        witness=Witness(Tsm.phase == "disconnected"),
        kill=Kill((DropUpdate("host", "device_disconnect", "host.claimed"),), "linux-tsm", _HONEST_CLAIM),
    ),
    only_if(
        "second-connect-touches-no-session",
        "Connecting a device that is connected, or about to be, is refused or does nothing.",
        _SECOND_CONNECT, unchanged(*SESSIONS, *STREAM, *TDI_OF_T, Tsm.phase, Tsm.bound[t]), over=(t,), protects="host",
        cite="Linux TSM core: EBUSY; M14",
        if_violated="A second connect begins with GET_VERSION and ends the first one's session. Everything bound goes to ERROR.",
        if_holds="Connect can be asked for twice without harm. The first session, its stream and its TDIs do not notice.",
        kill=Kill(
            (SetUpdate("responder", "device_connect", Responder.tsm_session, "NOT_STARTED"),),
            "linux-tsm",
            {"connect_again": "ok"},
        ),
    ),
    Property(
        id="sysfs-authenticated-iff-connected",
        says="On a platform with a TSM, sysfs calls a device authenticated exactly while it is connected.",
        # While a lost session is made good, the device counts as connected.
        formula=Invariant(
            implies(
                has_tsm & neg(Tsm.phase.in_("negotiated", "handshaking")),
                iff(Host.authenticated, Tsm.phase.in_("connected", "lost")),
            )
        ),
        protects="host",
        cite="M3; Linux ABI sysfs-bus-pci: authenticated",
        witness=Witness(has_tsm & Host.authenticated),
        kill=Kill((DropUpdate("host", "device_disconnect", "host.authenticated"),), "linux-tsm"),
    ),
    Property(
        id="authenticated-means-a-live-session",
        says="While sysfs calls a device authenticated, the TSM has an established session with it.",
        formula=Invariant(implies(has_tsm & Host.authenticated, Responder.established)),
        protects="host",
        cite="M3; libspdm: the requester is not told that its session was reset",
        if_violated="The session is gone and the attribute says what was true at connect. Who reads it learns nothing of the present.",
        if_holds="The attribute can be read as the state of the session. It falls in the step in which the session ends.",
        witness=Witness(has_tsm & Host.authenticated),
    ),
    Property(
        id="no-lock-without-tee-io",
        says="On a device without TEE-IO no TDI is bound or locked, by whomever.",
        formula=Never(
            (
                occurs(e.tdi_bind, t=t, where=device_caps == "ide_only"),
                occurs(e.host_lock, t=t, where=device_caps == "ide_only"),
            )
        ),
        over=(t,),
        protects="guest",
        cite="M4, M14; P63 Device Capabilities: TEE-IO Supported",
        if_violated="A TVM is given a device that never promised to keep TVMs apart. IDE alone says nothing about what is behind the port.",
        if_holds="Such a device can be connected for its IDE, and never bound. The refusal comes from the TSM, before the device is asked.",
        witness=Witness(occurs(e.tdi_bind, t=t, reply="NOT_SUPPORTED")),
        kill=Kill(
            (DropCheck("tsm_tdi", "tdi_bind", "TEE-IO"), DropWhen("tdi", "tdi_bind")), "ide-only", {"bind_requires": "keys"}
        ),
    ),
    Property(
        id="connect-without-bind",
        says="A device can be connected, with a Secure stream, while none of its TDIs is locked.",
        formula=Sometimes(TSM_CONNECTED & (Stream.state == "SECURE") & forall(t, Tdi.state[t] == "CONFIG_UNLOCKED")),
        protects="host",
        cite="M1, M13, M16: connect is of use alone",
        if_violated="There is no TSM that could connect the device. Native CMA authenticates it, and protects nothing after that.",
        kill=Kill((AddCheck("stream", "ide_enable", Check("never", FALSE)),), "ide-only"),
    ),
    only_if(
        "disconnect-resets-the-connection",
        "After a disconnect the next requester cannot go on with the connection that the TSM negotiated.",
        occurs(e.device_disconnect), neg(after(Responder.connection).in_("NEGOTIATED", "AUTHENTICATED")), protects="guest",
        cite="TF-RMM: GET_VERSION after END_SESSION, to reset the connection",
        if_violated="The connection stays negotiated, and KEY_EXCHANGE may follow on it from anybody. END_SESSION ended the session, not what was agreed before it.",
        if_holds="Whoever comes next begins at GET_VERSION. Nothing of the TSM's negotiation is left.",
        kill=Kill((DropUpdate("responder", "device_disconnect", "responder.connection"),), "arm-cca"),
    ),
    Property(
        id="session-needs-no-challenge",
        says="The TSM can establish a session on a connection on which nobody sent CHALLENGE.",
        formula=Sometimes(Responder.established & (Responder.connection == "NEGOTIATED")),
        protects="host",
        cite="DSP0274 KEY_EXCHANGE; PCI-SIG profile: CHAL_CAP is not required; TF-RMM sends CHALLENGE in verbose builds only",
        if_violated="There is no TSM in this flow. Sessions of the host's own are not what the sentence is about.",
        kill=Kill(
            (
                AddCheck(
                    "responder",
                    "key_exchange",
                    Check("authenticated", Responder.connection == "AUTHENTICATED", "UnexpectedRequest"),
                ),
            ),
            "linux-tsm",
            {"host": "honest", "claim": "connect"},
        ),
    ),
)  # fmt: skip
