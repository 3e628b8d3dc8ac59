"""Rules of the host: which lies it may tell, and what an honest one leaves alone."""

from __future__ import annotations

from ...language import FALSE, Check, disj
from ..choices.evidence import driver_kept, flags_by, link_by
from ..choices.lifecycle import run_by
from ..choices.spdm import has_tsm
from ..vocabulary import HOST, t
from . import events as e
from .state import SHOWN_BY, Gate, Guest, Host, Tdi

_MINE = Host.machine

_MINE.rule(
    e.tdi_bind,
    when=[
        (e.wrong == "none") | ~Tdi.patched[t],
        (flags_by == "tsm").implies(e.wrong != "flags"),
        (link_by == "tsm").implies(e.wrong != "link"),
    ],
    checks=[
        Check("nothing wrong", e.wrong == "none", cite="an honest host locks what it promised, as the guest wants it"),
        Check("no driver in the way", driver_kept | (Guest.driver[t] == "none"), cite="Linux TSM core: lock is EBUSY"),
    ],
    binds=HOST,
    cite="AMD TDI_BIND flags, DEV_CONNECT ide_stream_id; TF-RMM VDEV_LOCK; COV 05 T007, pre-configuration",
)
_TO_HIDE = [(Tdi.wrong[t] == wrong) & (e.false_part == part) for wrong, part in SHOWN_BY.items()]
_MINE.rule(
    e.tdi_info,
    when=[
        has_tsm | (e.false_part != "report"),
        disj(
            e.false_part == "none",
            (Tdi.wrong[t] == "none") & ~Tdi.patched[t],
            Tdi.patched[t] & (e.false_part == "measurements"),
            *_TO_HIDE,
        ),
    ],
    checks=[Check("as it is", e.false_part == "none", cite="an honest host hands over what the TSM has digests of")],
    binds=HOST,
    cite="M2, M4: the host caches and carries certificates, measurements and report",
)
for _event in (e.tdi_validate, e.mmio_validate):
    _MINE.rule(
        _event,
        when=[(e.mapping == "right") | ((Tdi.wrong[t] == "none") & ~Tdi.patched[t])],
        checks=[Check("as reported", e.mapping == "right", cite="an honest host maps the ranges as the report has them")],
        binds=HOST,
        cite="COV 05 T002; M15: the host maps MMIO",
    )
_MINE.rule(
    e.verify,
    checks=[
        Check(
            "says what it sees",
            (e.host_cma | e.vf_cma).implies((Tdi.wrong[t] != "fake") & ~Tdi.patched[t]),
            cite="[D] an honest host's own CMA, and its proxy to the VF's mailbox, find what the device is",
        )
    ],
    binds=HOST,
    cite="M10, M11: the host's verdict, and CMA with a VF through the host's proxy",
)
_MINE.rule(
    e.tdi_run,
    checks=[
        Check(
            "asked by the guest",
            (run_by == "host") | (Guest.accepted[t] != "none"),
            cite="M20; AMD: TIO guest request RUN",
        )
    ],
    binds=HOST,
    cite="AMD TDI_BIND(run=1); TF-RMM VDEV_START",
)
_MINE.rule(
    e.firmware_update,
    when=[Tdi.wrong[t].in_("none", "flags"), Gate.mmio[t] != "part"],
    checks=[Check("refrains", FALSE, cite="an honest host updates nothing behind the guest's back")],
    binds=HOST,
    cite="P63 §11.4.2",
)
for _event in (e.config_write, e.conventional_reset):
    _MINE.rule(
        _event,
        checks=[Check("refrains", FALSE, cite="an honest host leaves a device alone that the TSM drives")],
        binds=HOST,
        cite="threat model",
    )
