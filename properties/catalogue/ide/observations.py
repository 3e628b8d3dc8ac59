"""The observable steps of which the properties of an IDE stream speak."""

from __future__ import annotations

from ....model.language import neg
from ....model.world.ide import events as e
from ....model.world.ide.state import ENDPOINT, ROOT_PORT, Port, k, s
from ....model.world.vocabulary import d
from ...steps import Step, becomes, occurs

EP_TLP = occurs(e.tlp_up, d=d, k=k, s=s)
"""The root port takes a TLP of the stream."""

RP_TLP = occurs(e.tlp_down, d=d, k=k, s=s)
"""The endpoint takes a TLP of the stream."""

KEY_MESSAGES: tuple[Step, ...] = tuple(
    occurs(event, d=d) for event in (e.ep_key_prog, e.rp_key_prog, e.ep_rx_go, e.rp_rx_go, e.ep_tx_go, e.rp_tx_go)
)
"""The TSM's key messages, granted."""

BOTH_SECURE = ENDPOINT.secure & ROOT_PORT.secure


def loses(port: Port) -> Step:
    """The port leaves Secure."""
    return becomes(neg(port.secure))


def gains(port: Port) -> Step:
    """The port becomes Secure."""
    return becomes(port.secure)
