"""What can be done to an implementation, in the model's words and in bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, cast

from ...model.language import TRUE, State, Term, Value
from .adapters import Adapter, Reply
from .adapters.adapter import Session, Subject
from .oracle import Key, Oracle
from .wire import Malformed, Message
from .wire import Protocol as WireProtocol

REQUIRED, RECOMMENDED = "required", "recommended"


@dataclass(frozen=True)
class Note:
    """Something that an answer says or is, which the specification forbids or advises against."""

    severity: str
    clause: str
    text: str


@dataclass(frozen=True)
class Observation:
    """An answer in the model's words.

    ``facts`` are what it says of the state after the step; ``notes`` what is wrong with it whatever the state is.
    """

    reply: str
    facts: tuple[Term, ...] = ()
    notes: tuple[Note, ...] = ()
    text: str = ""
    """The answer as people read it."""
    moves: tuple[Key, ...] = ()
    """What the implementation did of its own accord besides, in the model's words, in order."""
    excused: bool = False
    """A reason of its own is acceptable, whatever the state is."""


@dataclass(frozen=True, eq=False)
class Stimulus:
    """One thing to do.

    ``keys`` are the events that it may be in the model (several where the device has a choice that nobody sees); ``then`` are those
    that follow by themselves, after every answer or, with ``then_if_ok``, after a granted one. ``only`` says in which states it
    makes sense. ``excuses`` are answers that a device may give to any such request while ``alive`` holds.
    """

    name: str
    event: str
    keys: tuple[Key, ...]
    args: Mapping[str, Value] = field(default_factory=dict)
    variant: str = ""
    then: tuple[Key, ...] = ()
    then_if_ok: bool = True
    only: Term = TRUE
    alive: Term = TRUE
    excuses: frozenset[str] = frozenset()
    cautious: bool = False
    """Whether such an answer is caution, which nobody blames: what only a less cautious implementation reaches is not missed."""
    sentinel: bool = False
    """Whether it is tried, where it leads nowhere, after each way of coming to a state: what an implementation remembers may differ."""
    hostile: bool = False
    """Whether somebody lies or breaks in: states that need this are gone to after all others."""
    stays: bool = False
    """Where no rule knows the event, nothing changes (an event from outside that does not concern the state)."""
    fixed: tuple[tuple[str, str], ...] = ()
    """Where it is no event of the model: the answers that are allowed in any state, each with its clause; nothing changes."""
    advised: str = ""
    """Of those, the one that is recommended, if one is."""
    lenient: str = ""
    """A clause that only recommends the refusal: the granted answer is reported apart."""

    def __str__(self) -> str:
        return self.name


@dataclass
class Exchange:
    """A message or event, and what came back."""

    sent: str
    received: str
    session: str = ""
    sent_hex: str = ""
    received_hex: str = ""
    """The bytes, where it is a message: protocol byte first."""


class Link:
    """An implementation whose traffic is written down."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.log: list[Exchange] = []

    def send(self, session: Session, protocol: int, data: bytes, text: str) -> Reply:
        message = bytes((protocol,)) + data
        entry = Exchange(text, "?", session, message.hex())
        self.log.append(entry)
        reply = cast(Adapter, self.subject).apply(session, message)
        if isinstance(reply, bytes):
            entry.received_hex = reply.hex()
        entry.received = "silence" if reply is None else str(reply) if isinstance(reply, Malformed) else reply.hex()
        return reply

    def control(self, name: str, *args: str) -> bool:
        done = cast(Adapter, self.subject).control(name, *args)
        self.log.append(Exchange(" ".join((name, *args)), "ok" if done else "no"))
        return done

    def observe(self) -> Mapping[str, str]:
        """What the implementation tells of its state beside the protocol."""
        return cast(Adapter, self.subject).observe()


@dataclass(frozen=True)
class Blame:
    """What a fault comes down to, as far as the model can tell."""

    lacks: tuple[str, ...] = ()
    """The check without which the model would do the same, and its source; of several, each on its own is enough."""
    breaks: tuple[str, ...] = ()
    """Properties of the catalogue that the run breaks, each with its sentence."""


Trail: TypeAlias = Sequence[tuple[Key, str, tuple[Term, ...]]]
"""What happened in a run: an event or request of the oracle's, what came of it, and what was seen of the state afterwards."""

Views: TypeAlias = Callable[[], list[Mapping[str, Value]]]


class Alphabet(Protocol):
    """The stimuli of one kind of implementation, their oracle, and how both become bytes."""

    @property
    def name(self) -> str: ...

    @property
    def oracle(self) -> Oracle: ...

    @property
    def stimuli(self) -> Sequence[Stimulus]: ...

    @property
    def preferred(self) -> Mapping[str, Value]:
        """The usual reading of each open point."""
        ...

    @property
    def first(self) -> State:
        """The state of the oracle after a reset."""
        ...

    def chart(self, reading: Mapping[str, Value]) -> Oracle:
        """The oracle under one reading alone, for finding ways through the model."""
        ...

    def begin(self, link: Link) -> Any:
        """After a reset: bring the implementation to where the oracle starts. Returns the memory of this run."""
        ...

    def blame(self, trail: Trail) -> Blame:
        """What a run lacks and breaks that ends in a fault; ``trail`` is what its memory kept of it."""
        ...

    def perform(self, stimulus: Stimulus, link: Link, memory: Any, views: Views) -> Observation | None:
        """Do it, and say what came back; None: it could not be done. ``views`` tells the states in which the implementation may be."""
        ...


def unpack(reply: Reply, protocol: WireProtocol, number: int) -> Message | Malformed | None:
    """The message in a reply to something of a protocol."""
    if reply is None or isinstance(reply, Malformed):
        return reply
    if not reply:
        return Malformed("an answer without a single byte", reply, protocol.name)
    if reply[0] != number:
        return Malformed(f"protocol {reply[0]:#04x} in an answer to {protocol.name}", reply)
    return protocol.decode(reply[1:])
