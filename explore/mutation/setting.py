"""The settings in which mutants are tried: flows, with knobs set otherwise, at topologies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...model.flows import FLOWS
from ...model.language import System, Value
from ...model.world import ASPECTS
from ...properties.catalogue import of_aspect


@dataclass(frozen=True)
class Setting:
    """A flow with knobs set otherwise, at a topology."""

    flow: str
    knobs: Mapping[str, Value] = field(default_factory=dict)
    topology: Mapping[str, int] = field(default_factory=dict)

    def system(self, aspect: str) -> System:
        return FLOWS[self.flow].system(self.topology, self.knobs, aspect=aspect)

    def __str__(self) -> str:
        given = [f"{k}={str(v).lower()}" for k, v in (*self.topology.items(), *self.knobs.items())]
        return self.flow + (f" ({', '.join(given)})" if given else "")


BESIDES: Mapping[str, tuple[Setting, ...]] = {
    "channel": (
        Setting("cove-io", {"rekey_on_rebind": "refresh", "flush_on_rebind": "both", "tag_quarantine": "context"}),
        Setting("cove-io", {"rekey_on_rebind": "refresh_stop", "tag_quarantine": "always"}),
        Setting("cove-io", {"rekey_on_rebind": "restart", "stop_waits": False}),
        Setting("cove-io", {"rekey_on_rebind": "restart", "stream_shared": False}),
        Setting("cove-io", {"flush_on_rebind": "root_port", "reorder_check": "enhanced"}),
        Setting("cove-io", {"flush_on_rebind": "root_port", "tag_quarantine": "context"}),
        Setting("cove-io", {"flush_on_rebind": "both", "dma_timeout": "error"}),
        Setting("cove-io", {"tag_quarantine": "context_seen"}),
        Setting("cove-io", {"dma_timeout": "error", "stop_waits": False}),
        Setting("cove-io", {"device": "hostile"}),
        Setting("cove-io", {"fabric_capacity": 1}),
        Setting("cove-io", {"fabric_capacity": 3}),
    ),
    "proxy": (
        Setting("sev-tio-guest-run", {"replay_protection": False}),
        Setting("arm-cca", {"replay_protection": False}),
        Setting("sev-tio-guest-run", {"gate_completion": "trusts"}),
        Setting("sev-tio-guest-run", {"epoch_begins": "request"}),
        Setting("sev-tio-guest-run", {"gate_status": "ignored", "failure_undone": False}),
        Setting("cove-io", {"stop_in_unlocked": "error"}),
    ),
}
"""Settings of knobs that no flow has, which bring rules into play that else never apply."""


def settings(aspect: str, flow: str | None = None) -> list[Setting]:
    """The different flows, with a hostile and with an honest host, every setting in which the catalogue looks for a
    witness or a kill, and those `BESIDES`. With ``flow``, those of this flow only.
    """
    found: dict[object, Setting] = {}

    def add(name: str, knobs: Mapping[str, Value], topology: Mapping[str, int]) -> None:
        if flow in (None, name):
            values = FLOWS[name].knobs(knobs)
            mine = tuple(values[k] for k in sorted(ASPECTS[aspect].knobs))
            found.setdefault((mine, tuple(sorted(topology.items()))), Setting(name, dict(knobs), dict(topology)))

    mine = [f.name for f in FLOWS.values() if aspect in f.aspects]
    for trust in ({}, {"host": "honest"}):
        for name in mine:
            add(name, trust, {})
    for p in of_aspect(aspect):
        if p.kill is not None:
            add(p.kill.flow, p.kill.knobs, p.kill.topology)
        if p.witness is not None and (p.witness.knobs or p.witness.topology):
            add(mine[0], p.witness.knobs, p.witness.topology)
    for s in BESIDES.get(aspect, ()):
        add(s.flow, s.knobs, s.topology)
    return list(found.values())
