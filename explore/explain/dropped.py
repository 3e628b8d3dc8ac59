"""What each check of a guest buys: the properties that are lost when only that check is left out.

A check is a knob here, a thing that a guest is to look at (``check_report_digest``); `guards` is about the checks of the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...model.flows import Flow
from ...model.language import Value
from ...model.world.choices.evidence import GUEST_CHECKS
from ...properties.catalogue import of_aspect
from ...properties.property import Property
from ..check import check
from ..engine import NO_LIMITS, Engine, Limits
from ..verdict import Verdict


def dropped_checks(
    flow: Flow,
    changed: Mapping[str, Value] | None = None,
    checks: Sequence[str] = GUEST_CHECKS,
    *,
    properties: Sequence[Property] | None = None,
    engine: Engine | None = None,
    limits: Limits = NO_LIMITS,
) -> dict[str, tuple[str, ...] | None]:
    """For each check that the guest makes in the flow: the properties that hold with it and are violated without it.

    Nothing lost means that the check is redundant in this flow, by what else is checked or by what is lost already.
    None: some verdict is UNKNOWN, so that nothing can be said. ``changed``: knobs set otherwise than in the flow.
    """
    wanted = of_aspect("evidence") if properties is None else properties

    def verdicts(knobs: Mapping[str, Value]) -> dict[str, Verdict]:
        return {r.prop.id: r.verdict for r in check(flow.system(changed=knobs, aspect="evidence"), wanted, engine, limits)}

    base = dict(changed or {})
    in_force = flow.knobs(base)
    before = verdicts(base)
    found: dict[str, tuple[str, ...] | None] = {}
    for name in checks:
        if in_force[name] is True:
            after = verdicts({**base, name: False})
            unknown = Verdict.UNKNOWN in {*before.values(), *after.values()}
            lost = tuple(p for p, v in after.items() if v is Verdict.VIOLATED and before[p] is Verdict.HOLDS)
            found[name] = None if unknown else lost
    return found
