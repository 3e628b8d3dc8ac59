"""A trace in the Informal Trace Format (ITF) of Apalache and Quint: the values of all variables, state by state."""

from __future__ import annotations

from typing import Any

from ...explore.verdict import Trace
from ...model.language import Bool, Int
from ..story import MONITOR

_DESCRIPTION = "https://apalache-mc.org/docs/adr/015adr-trace.html"


def itf(trace: Trace, *, title: str = "") -> dict[str, Any]:
    """The trace as a JSON document. Enumerations are strings; each state names the event that led to it.

    Of a run that goes on for ever the last state, which is ``states[loop]`` once more, is left out, as the format wants it:
    the last state that is listed leads back to ``states[loop]``.
    """
    names = [v.name for v in trace.system.variables if not v.name.startswith(MONITOR)]
    index = trace.system.index
    shown = trace.states if trace.loop is None else trace.states[:-1]
    states = []
    for i, state in enumerate(shown):
        meta: dict[str, Any] = {"index": i}
        if i:
            meta |= _event(trace, i - 1)
        states.append({"#meta": meta, **{name: state[index[name]] for name in names}})
    meta = {
        "format": "ITF",
        "format-description": _DESCRIPTION,
        "description": title or f"a run of {trace.system.name}",
        "varTypes": {v.name: _type(v.sort) for v in trace.system.variables if v.name in set(names)},
    }
    document: dict[str, Any] = {"#meta": meta, "params": [], "vars": names, "states": states}
    if trace.loop is not None:
        meta["loop-event"] = _event(trace, len(trace) - 1)
        document["loop"] = trace.loop
    return document


def _event(trace: Trace, step: int) -> dict[str, Any]:
    action = trace.actions[step]
    return {"event": action.event, "args": dict(action.args), "actor": action.actor, "reply": action.reply}


def _type(sort: object) -> str:
    return "Bool" if isinstance(sort, Bool) else "Int" if isinstance(sort, Int) else "Str"
