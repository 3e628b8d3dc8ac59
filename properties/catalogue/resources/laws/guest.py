"""Laws of TVMs and guests: their lives, drivers and acceptance."""

from __future__ import annotations

from .....model.language import after, exists, implies, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.choices.resources import (
    driver_over_lock,
)
from .....model.world.resources import events as e
from .....model.world.resources.state import Guest
from .....model.world.vocabulary import DEVICE_PARTY, GUEST, t, v
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import invariant, law, possible
from .terms import ALIVE, GUEST_SEES, STILL_RUNS, life, offer, owner, state

PROPERTIES: tuple[Property, ...] = (
    law(
        "a-tvm-lives-once-in-each-life",
        "A TVM is made where none is, dies alive, and gives its memory back dead; nothing is given to it any more when it died.",
        Never(
            (
                occurs(e.tvm_create, v=v, where=(life[v] != "NONE") | (after(life[v]) != "ALIVE")),
                occurs(e.tvm_dies, v=v, where=(life[v] != "ALIVE") | (after(life[v]) != "DEAD") | after(exists(t, owner[t] == v))),
                occurs(e.tvm_reclaim, v=v, where=(life[v] != "DEAD") | (after(life[v]) != "NONE")),
            )
        ),
        (v,), "TSM", "KVM; COV, TDX, SEV, RMM", occurs(e.tvm_reclaim, v=v), DropUpdate("tvm", "tvm_dies", "tvm.life"),
    ),
    law(
        "a-guest-works-with-what-it-sees",
        "Only a living guest that is shown a TEE device accepts it or has a driver on it, and only a living one reaches its MMIO.",
        Never(
            (
                *(occurs(x, v=v, t=t, reply=None, where=neg(GUEST_SEES)) for x in (e.tdi_accept, e.driver_bind, e.driver_unbind)),
                occurs(e.mmio, v=v, t=t, reply=None, where=neg(ALIVE)),
            )
        ),
        (t, v), "guest", "M1, M17; KVM: a dead guest runs nothing",
        (occurs(e.tdi_accept, v=v, t=t), occurs(e.driver_bind, v=v, t=t)), DropCondition("guest", "mmio", 0),
    ),
    law(
        "a-guests-driver-comes-and-goes-once",
        "A guest's driver takes a TDI that has none and leaves one that it was on.",
        Never(
            (
                occurs(e.driver_bind, v=v, t=t, where=Guest.driver[t] | neg(after(Guest.driver[t]))),
                occurs(e.driver_unbind, v=v, t=t, where=neg(Guest.driver[t]) | after(Guest.driver[t])),
            )
        ),
        (t, v), "guest", "M8; Linux driver core", occurs(e.driver_unbind, v=v, t=t),
        DropUpdate("guest", "driver_unbind", "guest.driver"),
    ),
    invariant(
        "a-guests-driver-is-on-what-it-sees",
        "A driver of a guest is on a TDI only while some guest is shown it as a TEE device.",
        implies(Guest.driver[t], (owner[t] != "none") & (offer[t] == "TEE")),
        (t,), "guest", "Linux driver core: what is gone has no driver", Guest.driver[t],
        DropUpdate("guest", "tdi_unassign", "guest.driver"),
    ),
    possible(
        "a-guest-can-have-its-driver-on-and-off",
        "A living guest can bind a driver to the TEE device that it is shown, and unbind it, whatever the TDI's state.",
        (occurs(e.driver_bind, v=v, t=t), occurs(e.driver_unbind, v=v, t=t)), GUEST_SEES & STILL_RUNS,
        (t, v), "guest", "M8: a driver in shared mode before acceptance is valid; Linux driver core",
        SwapValue("guest", "driver_unbind", offer[t], "TEE", "LEGACY"), witness=GUEST_SEES,
    ),
    law(
        "an-honest-guest-accepts-what-is-genuine",
        "An honest guest accepts genuine devices only, and without a driver on them unless drivers stay.",
        Never(
            occurs(
                e.tdi_accept, v=v, t=t, reply=None,
                where=GUEST.honest & (neg(DEVICE_PARTY.honest) | ((driver_over_lock == "refused") & Guest.driver[t])),
            )
        ),
        (t, v), "guest", "M1, M4: against the guest's own roots; Linux TSM core: EBUSY",
        GUEST_SEES & (state[t] == "CONFIG_LOCKED"), DropCheck("guest", "tdi_accept", "genuine device"), flow="linux-tsm",
        device="hostile",
    ),
)  # fmt: skip
