"""Rules of an honest host. A hostile one may cause every event that it can reach."""

from __future__ import annotations

from ...language import FALSE, Check, Machine
from ..choices.lifecycle import run_by
from ..vocabulary import HOST, TDI, t
from . import events as e
from .state import Guest

HOST_VMM = Machine("host", over=(TDI,), doc="The host VMM, which remembers nothing that matters here.")

HOST_VMM.rule(
    e.ask_start,
    checks=[Check("asked by the guest", (run_by == "host") | Guest.wants_gate() | (Guest.phase[t] == "ready"), cite="M20")],
    binds=HOST,
    cite="AMD guest driver 2026, Arm RHI, TDX TDCM: the guest asks the host",
)
HOST_VMM.rule(
    e.read_evidence,
    checks=[Check("hands on what it got", ~e.forged, cite="M4")],
    binds=HOST,
    cite="M2, M4: the host keeps the report for the guest",
)
for _event in (e.misroute, e.replay_response, e.replay_request, e.host_answer, e.get_version):
    HOST_VMM.rule(
        _event,
        checks=[Check("refrains", FALSE, cite="an honest host hands messages on as they are")],
        binds=HOST,
        cite="threat model",
    )
