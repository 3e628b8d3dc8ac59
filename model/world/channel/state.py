"""The state of the link: what is under way in each direction, who waits for what, whose the TDI is.

A *lane* is what one kind of requester asks of its completer: ``mmio`` goes from the root port, for a guest, to
the TDI, and its completions come back; ``dma`` goes from the TDI to the memory of the TVM, and its completions come
back. Each lane has three sub-streams: posted, non-posted, completion.

The fabric holds at most one TLP of each sub-stream. A second one behind it adds nothing: as long as the first is held,
the receiver takes none of the same sub-stream and keys (its counter would be wrong), and that a later one is tried first
is an event of its own (``…_overtaken``).
"""

from __future__ import annotations

from dataclasses import dataclass

from ...language import BOOL, Machine, Maybe, Term, disj, enum, neg, one_of
from ..vocabulary import TVM

TLP = enum("Tlp", "none", "plain", "host", "current", "stale", "dead", "lost")
"""What is under way in a sub-stream.

plain: a TLP of the host's driver, without IDE. host: one with IDE and T=0. current: T=1, sent while the TDI had its present
owner, in the present lock epoch. stale: T=1, sent before that. dead: IDE under keys that no receiver takes any
more. lost: nothing comes any more, and the receiver's counter waits for it.
"""

IDE_TLPS = ("host", "current", "stale", "dead")
UNDER_WAY = ("plain", *IDE_TLPS)
CONTEXT = enum("Context", "none", "current", "stale", "other")
"""Whose a request is: of the present owner and lock epoch, of an earlier one, or of the owner of another TDI."""


def under_way(slot: Term) -> Term:
    """Whether something may still come."""
    return one_of(slot, *UNDER_WAY)


@dataclass(frozen=True, eq=False)
class Lane:
    """One kind of request, with its completions. ``owes``: an earlier posted request of the same direction is missing.

    ``late``: the request was given up (or was answered by another completion) before this arrived.
    """

    machine: Machine
    write: Term
    read: Term
    read_owes: Term
    read_late: Term
    completion: Term
    completion_owes: Term
    completion_late: Term
    requester: Machine
    waiting: Term
    expired: Term

    @property
    def slots(self) -> tuple[Term, Term, Term]:
        """Posted, non-posted, completion."""
        return self.write, self.read, self.completion

    @property
    def quiet(self) -> Term:
        """No read of the lane and no completion is under way."""
        return neg(under_way(self.read) | under_way(self.completion))


def _lane(name: str, what: str, requester: str, who: str) -> Lane:
    m = Machine(name, doc=f"What the fabric holds of {what}.")
    tags = Machine(requester, doc=f"The tag with which {who} asks, and remembers what it asked.")
    return Lane(
        m,
        m.var("write", TLP, init="none", doc="posted"),
        m.var("read", TLP, init="none", doc="non-posted"),
        m.var("read_owes", BOOL, init=False, doc="an earlier posted request is missing"),
        m.var("read_late", BOOL, init=False, doc="its request is over"),
        m.var("completion", TLP, init="none", doc="of whose data"),
        m.var("completion_owes", BOOL, init=False, doc="an earlier posted request of its direction is missing"),
        m.var("completion_late", BOOL, init=False, doc="its request is over"),
        tags,
        tags.var("waiting", CONTEXT, init="none", doc="whose request is outstanding under the tag"),
        tags.var("expired", CONTEXT, init="none", doc="whose request timed out, remembered for the quarantine"),
    )


MMIO = _lane("mmio", "requests to the TDI", "root_port", "the root port")
DMA = _lane("dma", "requests of the TDI", "requester", "the TDI")
LANES = (MMIO, DMA)


class Stream:
    """The IDE stream, from the time when both ports have keys: which ports are enabled, and whether it was lost.

    ROOT_ON and DEVICE_ON: one port is enabled, and takes itself for Secure. INSECURE stands for both ports: the message
    that tells the partner may be lost, and then the partner's TLPs are discarded here all the same.
    """

    machine = Machine("stream", doc="The IDE stream between root port and device.")
    state = machine.var("state", enum("Enabled", "OFF", "ROOT_ON", "DEVICE_ON", "SECURE", "INSECURE"), init="OFF")

    @classmethod
    def secure(cls) -> Term:
        return cls.state == "SECURE"


class Tsm:
    """Whose the TDI is. Binding stands for lock, start, acceptance and open gates; unbinding for STOP_INTERFACE and closed gates.

    Nothing depends on which TVM it is. That the next owner is another than the former only names them for the reader.
    """

    machine = Machine("tsm", doc="The TSM's record of the TDI, and the gates of the root complex.")
    owner = machine.var("owner", Maybe(TVM), init="none", doc="the TVM that has the TDI")
    former = machine.var("former", Maybe(TVM), init="none", doc="the TVM that had it last")

    @classmethod
    def bound(cls) -> Term:
        return cls.owner != "none"


class Tdi:
    """The TDI: in RUN, or not (then CONFIG_UNLOCKED or ERROR, which differ in nothing that crosses the link)."""

    machine = Machine("tdi", doc="The TDI.")
    running = machine.var("running", BOOL, init=False, doc="in RUN")


class Neighbour:
    """Any other TDI of the device, with an owner of its own."""

    machine = Machine("neighbour", doc="Another TDI that shares the stream.")
    running = machine.var("running", BOOL, init=False, doc="in RUN, for another TVM")


class Fabric:
    """Switches and retimers: what they hold is in the lanes."""

    machine = Machine("fabric", doc="What lies between root port and device.")


class RootComplex:
    """The gates to the owner's memory; open while the TDI is bound."""

    machine = Machine("root_complex", doc="The gate between a TDI and the memory of its owner.")


def empty() -> Term:
    """The fabric holds nothing."""
    return neg(disj(*(under_way(slot) for lane in LANES for slot in lane.slots)))
