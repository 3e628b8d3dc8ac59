"""What is handed out, who may take it back, and in which order: the host's policies, and what the TSM insists on."""

from __future__ import annotations

from ...language import BOOL, enum
from . import lifecycle  # noqa: F401  (the choices about the dance come first)
from .knob import knob

# --- What the TSM, or the platform, insists on ------------------------------------------------------------------------
device_caps = knob(
    "device_caps",
    enum("DeviceCaps", "tee_io", "ide_only"),
    "tee_io",
    "whether the devices have TEE-IO, or IDE alone, so that they can be connected and never bound",
    "P63 Device Capabilities register, TEE-IO Supported; M1, M3, M13; Linux TSM core: functions are probed only if they are TEE capable",
)
connect_again = knob(
    "connect_again",
    enum("ConnectAgain", "busy", "ok"),
    "busy",
    "whether connecting a connected device is refused, or does nothing and succeeds",
    "Linux TSM core: EBUSY; M14",
)
rebind_same = knob(
    "rebind_same",
    enum("RebindSame", "ok", "busy"),
    "ok",
    "whether binding a TDI once more to the TVM that has it does nothing and succeeds, or is refused",
    "Linux TSM core: 0 for the same VM, EBUSY for another; COV 09: bound is an error",
)
unbind_from_run = knob(
    "unbind_from_run",
    enum("UnbindFromRun", "ok", "refused"),
    "ok",
    "whether the TSM unbinds a TDI that is in RUN; where it does not, only an error or a reset makes it possible",
    "COV 07: from CONFIG_LOCKED, RUN and ERROR; COV 09 names all but RUN",
)
reclaim_bound = knob(
    "reclaim_bound",
    enum("ReclaimBound", "error", "autounbind", "force"),
    "error",
    "what happens when the host takes back the MMIO mapping of a bound TDI: refused, unbound first, or just done",
    "COV 07 (refuse) against COV 09 (unbind first); TDX: unmap needs CONFIG_UNLOCKED; Arm: the granule is destroyed",
)
memory_reuse = knob(
    "memory_reuse",
    enum("MemoryReuse", "refcount", "fence", "unchecked"),
    "refcount",
    "before the memory of a dead TVM goes back to the host, the TSM sees to it that no TDI is bound to the TVM any more "
    "(refcount), or shuts the gates into it itself and keeps the TVM's identity until they are unbound (fence), or does "
    "neither (unchecked)",
    "TDX module sources: references of devices block teardown; TF-RMM: realm destroy; AMD ASID fence (names only)",
)
pf_vf = knob(
    "pf_vf",
    enum("PfVf", "free", "exclusive"),
    "free",
    "whether a physical function and its virtual functions may be bound to different TVMs, or the TSM refuses",
    "M7, M10; no rule found in P63 §11 or COV",
)

# --- What an honest host does -----------------------------------------------------------------------------------------
connect_policy = knob(
    "connect_policy",
    enum("ConnectPolicy", "lazy", "eager"),
    "lazy",
    "whether the host connects a device when a TVM has asked for one of its TDIs, or whenever there is a stream",
    "M1 (connect before probe) against M9, M15 (on request)",
)
stream_release = knob(
    "stream_release",
    enum("StreamRelease", "keep", "on_unbind"),
    "keep",
    "whether a device keeps its stream until it is removed (first come, first served), or gives it back once nobody uses it",
    "M9: run out of streams, who wins; Linux TSM core: held until disconnect",
)
stream_preempt = knob(
    "stream_preempt",
    enum("StreamPreempt", "never", "unbound", "bound"),
    "never",
    "whether the host takes a stream away for a TVM that waits: never, from devices that nobody has bound, or from any",
    "M9: who wins; Linux ide.c: no preemption",
)
ide_on_fail = knob(
    "ide_on_fail",
    enum("IdeOnFail", "warn", "block", "panic"),
    "warn",
    "when IDE cannot be set up: the device is used all the same, or is kept from drivers and guests, or the host stops",
    "M6: panic, warn or block the device",
)
probe_order = knob(
    "probe_order",
    enum("ProbeOrder", "any", "after_connect"),
    "any",
    "whether a driver of the host may come before the device is connected, or only once connecting was tried",
    "M1 (connect before probe) against M4 (delay it until passthrough)",
)
connect_in_use = knob(
    "connect_in_use",
    enum("ConnectInUse", "allowed", "refused"),
    "allowed",
    "whether the host connects a device while one of its own drivers is using it",
    "M1 against M4; Linux TSM core: no check of a bound driver",
)
close_order = knob(
    "close_order",
    enum("CloseOrder", "unbind_first", "device_first", "memory_first"),
    "unbind_first",
    "what the host does first when a TVM ends: have its TDIs unbound (with a tombstone, when file descriptors close in "
    "another order), disable or reset the device, or free the memory",
    "list debate 2025 on VFIO, iommufd and KVM: unbind precedes disable; iommufd tombstone",
)
bind_by = knob(
    "bind_by",
    enum("BindBy", "host", "guest"),
    "host",
    "whether a TDI is bound before the guest sees it, or the guest sees it first and asks for it",
    "M15, M16, COV 07 (the guest sees bound devices only) against AMD, TDX, Arm and Linux guests (the guest asks)",
)
host_check = knob(
    "host_check",
    BOOL,
    False,
    "whether the host, too, judges a device's evidence before it connects, probes, assigns or binds",
    "M5, M8, M12: a policy of user space at each step",
)

# --- What an honest guest does ----------------------------------------------------------------------------------------
driver_over_lock = knob(
    "driver_over_lock",
    enum("DriverOverLock", "refused", "kept"),
    "refused",
    "whether a guest's driver must go before the TDI is accepted, or may stay on it",
    "Linux TSM core: lock and accept need no driver bound; M1, M16: the driver picks",
)
