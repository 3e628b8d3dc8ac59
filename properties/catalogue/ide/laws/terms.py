"""Terms and steps that the laws share."""

from __future__ import annotations

from .....model.language import Term, forall
from .....model.world.ide import events as e
from .....model.world.ide.state import (
    ENDPOINT,
    Device,
    Port,
    Tsm,
    k,
    k2,
    s2,
)
from .....model.world.vocabulary import d
from ....steps import occurs, unchanged

IN_USE = Tsm.in_phase("keying", "connected", "refreshing")
KEY_MESSAGES = tuple(
    occurs(x, d=d, k=k) for x in (e.ep_key_prog, e.rp_key_prog, e.ep_rx_go, e.rp_rx_go, e.ep_tx_go, e.rp_tx_go)
)


def without_keys(port: Port) -> Term:
    """No slot of the port holds a key, and its receiver goes by no set."""
    return forall(
        s2,
        (port.current[d, s2] == "none")
        & forall(
            k2, (port.rx[d, k2, s2] == "CLEARED") & (port.tx[d, k2, s2] == "CLEARED") & (port.key[d, k2, s2] == "none")
        ),
    )


TSMS = Device.tsm_session[d] & ENDPOINT.holds("tsm")
HOSTS = Device.host_session[d] & ENDPOINT.holds("host")


def port_unchanged(port: Port) -> Term:
    """Status and keys of the port stay as they are."""
    slots = unchanged(*(x[d, k2, s2] for x in (port.rx, port.tx, port.key)))
    return unchanged(port.status[d]) & forall(k2, forall(s2, slots & unchanged(port.current[d, s2])))
