"""Whose IDE keys they are: one session keys a stream, and the host is not at the other end of it."""

from __future__ import annotations

from ....model.language import after, implies, neg
from ....model.language.mutate import DropCheck, DropUpdate, SetUpdate
from ....model.world.spdm import events as e
from ....model.world.spdm.state import ENDED, OF_TSM, Responder, Stream, Tdi, Tsm
from ....model.world.vocabulary import t
from ...formulas import AlwaysPossible, Invariant, StepLaw
from ...property import Kill, Property, Witness
from ...steps import occurs, unchanged
from ..promise import only_if
from .observations import EVERY_STEP, STREAM, TSM_CONNECTED

_TWO = {"multi_session": True}
_KEYED_BY_TSM = (Stream.keyed_over == "tsm") & Responder.established
_KEYED_BY_HOST = (Stream.keyed_over == "host") & Responder.host_session
_SECOND = tuple(occurs(x, reply=None, where=_KEYED_BY_TSM) for x in (e.host_query, e.host_key_prog))
_AFTER_CLOSING = tuple(
    occurs(x, where=Stream.keyed_over.in_(*ENDED)) for x in (e.ide_key_prog, e.host_query, e.host_key_prog)
)
_RUNS_FOR_TSM = (Tdi.state[t] == "RUN") & Tdi.locked_over[t].in_(*OF_TSM) & (Stream.state == "SECURE")
_IN_THE_MIDDLE = DropCheck("tsm", "key_exchange_in_the_middle", "signature of the device")

PROPERTIES = (
    Property(
        id="ide-km-of-a-second-session-is-discarded",
        says="While the session that keyed the stream lives, QUERY and KEY_PROG of another session are discarded and change nothing.",
        formula=StepLaw(_SECOND, unchanged(*STREAM)),
        protects="guest",
        cite="P63 §6.33.3",
        if_violated="A second session replaces keys that are in use. The stream stays Secure, with keys of somebody else.",
        if_holds="The first session has the stream until it ends. Others get no answer.",
        witness=Witness(_SECOND, _TWO),
        kill=Kill((DropCheck("stream", "host_key_prog", "keying session"),), "linux-tsm", _TWO),
    ),
    Property(
        id="keys-change-hands-only-when-the-session-is-over",
        says="The stream passes from one session to another only when the first has ended.",
        formula=StepLaw(
            EVERY_STEP,
            neg(_KEYED_BY_TSM & (after(Stream.keyed_over) == "host") & after(Responder.established))
            & neg(_KEYED_BY_HOST & (after(Stream.keyed_over) == "tsm") & after(Responder.host_session)),
        ),
        protects="guest",
        cite="P63 §6.33.3, §11.4.5: one session keys a stream, refresh included",
        if_violated="Two live sessions take turns with one stream's keys. Neither can rely on what it programmed.",
        if_holds="At any time one live session owns the stream's IDE_KM. Ownership ends with the session.",
        witness=Witness(Stream.keyed_over == "host"),
        kill=Kill((DropCheck("stream", "ide_key_prog", "keying session"),), "linux-tsm", {**_TWO, "connection_ids": True}),
    ),
    only_if(
        "a-new-session-finds-no-secure-stream",
        "A stream that a closed session left is wiped before QUERY or KEY_PROG of a new session is answered.",
        _AFTER_CLOSING, after(Stream.state) != "SECURE", protects="guest", cite="P63 §6.33.3",
        if_violated="The new session finds the old one's stream up and goes on with it. What the former owner protected is the next one's.",
        if_holds="A new session begins with new keys. What the former one left is gone before anything is answered.",
        kill=Kill((SetUpdate("stream", "host_query", Stream.state, "SECURE"),), "ide-only"),
    ),
    Property(
        id="run-only-over-keys-the-host-does-not-know",
        says="A TDI that the TSM locked never runs over a Secure stream whose keys the host knows, whatever the host did to the session.",
        formula=Invariant(implies(_RUNS_FOR_TSM, neg(Stream.keys_known_to_host))),
        over=(t,),
        protects="guest",
        cite="M1, M5; P63 §6.33.3, §11.4.5",
        if_violated="The device takes T=1 requests that the host can make on the link. It was no denial of service: the TVM's device is the host's.",
        if_holds="The host can break the session and not get behind it. What runs for the TSM runs over keys of the TSM.",
        witness=Witness(_RUNS_FOR_TSM),
        kill=Kill((DropCheck("stream", "host_key_prog", "keying session"),), "linux-tsm", _TWO),
    ),
    Property(
        id="tsm-can-key-again-after-a-loss",
        says="A TSM whose session is the only one with the device can program its keys.",
        formula=AlwaysPossible(
            occurs(e.ide_key_prog),
            TSM_CONNECTED & (Tsm.peer == "device") & Responder.established & neg(Responder.host_session),
        ),
        protects="host",
        cite="P63 §6.33.3: on a new session the requests are answered once the keying session is closed; libspdm issue 3811",
        if_violated="The device discards the keys in the name of a session that is long gone, of whose end its IDE_KM responder was not told. One GET_VERSION has cost the stream until a reset.",
        if_holds="A lost session can be made good by a new one. Denial of service lasts as long as the host keeps at it.",
        witness=Witness(TSM_CONNECTED & Responder.established),
        kill=Kill((DropUpdate("stream", "host_end_session", "stream.keyed_over"),), "linux-tsm"),
    ),
    Property(
        id="key-prog-outside-a-session-changes-nothing",
        says="KEY_PROG outside of a session has no effect.",
        formula=StepLaw(occurs(e.key_prog_in_clear, reply=None), unchanged(*STREAM)),
        protects="guest",
        cite="P63 §6.33.3: not used, not answered",
        if_violated="Anybody with access to the mailbox programs the stream. No session was needed.",
        if_holds="What is not in a session is not heard. The mailbox alone gives nobody keys.",
        witness=Witness(occurs(e.key_prog_in_clear, reply="NO_RESPONSE")),
        kill=Kill((DropCheck("responder", "key_prog_in_clear", "inside a session"),), "linux-tsm"),
    ),
    Property(
        id="the-tsms-session-is-with-the-device",
        says="When the TSM is connected, the device itself is at the other end of its session.",
        formula=Invariant(implies(TSM_CONNECTED, Tsm.peer == "device")),
        protects="guest",
        cite="DSP0274 KEY_EXCHANGE; Cremers, Dax, Naska (USENIX Security 2023); CVE-2023-31127",
        if_violated="The host sits between TSM and device, with a session on either side. Every other promise of the session is void.",
        if_holds="Proxying through the host costs nothing but availability. It rests on the authentication of KEY_EXCHANGE, which is an assumption here.",
        witness=Witness(TSM_CONNECTED),
        kill=Kill((_IN_THE_MIDDLE,), "linux-tsm"),
    ),
    only_if(
        "keys-of-the-tsm-stay-unknown-to-the-host",
        "The IDE keys that the TSM programs are not known to the host that carries the messages.",
        occurs(e.ide_key_prog), neg(after(Stream.keys_known_to_host)), protects="guest",
        cite="M1: the host OS does not get to know the IDE keys; M5, M10",
        if_violated="The keys went to the host, which programmed them at the device for itself. The stream is Secure for everybody but the guest.",
        if_holds="The session keeps the keys from who carries them. The host can lose the message, not read it.",
        kill=Kill((_IN_THE_MIDDLE,), "linux-tsm"),
    ),
)  # fmt: skip
