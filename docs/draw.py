"""The pictures of docs/diagrams.md, drawn anew: ``python docs/draw.py``. The tests hold the files against what this draws."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from tdisprove.explore import Result, check
from tdisprove.explore.explain.violations import Nearby
from tdisprove.explore.explicit import reachable
from tdisprove.explore.quotient import quotient
from tdisprove.model.flows import FLOWS
from tdisprove.model.world import ASPECTS
from tdisprove.properties.catalogue import find
from tdisprove.reports.files import quotient_graph
from tdisprove.reports.graph import state_svg, trace_svg
from tdisprove.reports.machines import composition_svg, covered_svg, machine_svg
from tdisprove.reports.sequence import sequence_svg
from tdisprove.reports.sequence.aside import setting
from tdisprove.reports.timeline import timeline_svg
from tdisprove.reports.verdicts import cell

FOLDER = Path(__file__).parent / "diagrams"
LIFECYCLE = ASPECTS["lifecycle"].model
SENT = "no-tbit-dma-emitted-before-accept"


@cache
def result(flow: str, name: str) -> Result:
    (r,) = check(FLOWS[flow].system(), [find(name)])
    return r


def _drawn(draw: Callable[..., str], flow: str, name: str) -> str:
    r = result(flow, name)
    return draw(r.trace, title=f"{flow}: {name}: {cell(r)}", subtitle=r.prop.says)


def projection() -> str:
    system = FLOWS["cove-io"].system()
    q = quotient(system, ["tdi0.state", "guest.tvm0.tdi0.accepted"])
    return state_svg(quotient_graph(system, q), title="cove-io: states", subtitle=f"projected on {', '.join(q.names)}")


def sequence() -> str:
    flow, r = FLOWS["sev-tio-host-run"], result("sev-tio-host-run", SENT)
    told = partial(
        sequence_svg, meaning=r.prop.if_violated, setting=setting(flow.summary, r.system), nearest=Nearby().of(flow, r)
    )
    return _drawn(told, flow.name, SENT)


PICTURES: dict[str, Callable[[], str]] = {
    "sequence": sequence,
    "states": lambda: _drawn(trace_svg, "sev-tio-host-run", SENT),
    "timeline": lambda: _drawn(timeline_svg, "sev-tio-guest-run", "no-tbit-dma-effective-before-accept"),
    "lasso": lambda: _drawn(sequence_svg, "sev-tio-host-run", "error-is-left-in-the-end"),
    "lasso-timeline": lambda: _drawn(timeline_svg, "sev-tio-host-run", "error-is-left-in-the-end"),
    "machine": lambda: machine_svg(LIFECYCLE, "tdi"),
    "coverage": lambda: covered_svg(LIFECYCLE, "gate", reachable(FLOWS["arm-cca"].system())),
    "composition": lambda: composition_svg(LIFECYCLE),
    "projection": projection,
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(draw(), encoding="utf-8")
