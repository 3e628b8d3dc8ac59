"""What a guest may do, by the rules of the evidence aspect: its checks are asked of the implementation under test.

Where the model's guest does not take part in an event because a check fails, the implementation has to refuse the request of its
user. A request of which the model makes several events (evidence is read, and then approved or rejected) is put together here, of
the model's events and of nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from ....model.language import Model, System, Value
from ..oracle import Allowed, Key, Oracle, Possible, told_apart

REFUSED = "refused"
Request = Callable[[Possible, Value], Iterable[Allowed]]
"""What may come of a request of the user's in a possible state, given its argument."""
TDI = "tdi0"


def guests_checks_refuse(model: Model) -> Model:
    """The model in which a check that binds the guest refuses, by its name, instead of keeping the event from happening."""
    rules = []
    for r in model.rules:
        if r.binds is not None and r.binds.name == "guest":
            r = replace(r, checks=tuple(replace(c, reply=c.reply or REFUSED) for c in r.checks))
        rules.append(r)
    return told_apart(model.with_rules(rules))


@dataclass(frozen=True)
class Op:
    """A request of the user's, as a kind of the oracle's: what the model's guest makes of it."""

    name: str
    argument: Value = "none"

    @property
    def key(self) -> Key:
        return f"op {self.name}", (self.argument,)


class GuestOracle(Oracle):
    """The oracle with the requests of the user's as events of their own."""

    def __init__(self, system: System, keep: Iterable[str], watched: Iterable[str] = ()) -> None:
        super().__init__(system, keep, watched)
        self.ops: Mapping[str, Request] = {
            "lock": self._lock,
            "attest": self._attest,
            "attest badly": self._attest_badly,
            "attest unread": self._attest_unread,
            "accept blindly": self._blindly("tdi_accept"),
            "probe blindly": self._blindly("driver_private"),
            "run": self._run,
            "run unheard": self._run_unheard,
            "enable_dma unheard": self._unheard("sdte_write"),
            "map_mmio unheard": self._unheard("mmio_validate", "right"),
            "probe_shared": self._probe_shared,
            "release_secret": self._release_secret,
            "unlock": self._unlock,
            "unlock unheard": self._unlock_unheard,
            "let go": self._let_go,
            "unbind": self._unbind,
        }

    def has(self, key: Key) -> bool:
        return key[0].removeprefix("op ") in self.ops if key[0].startswith("op ") else super().has(key)

    def _allowed(self, key: Key, p: Possible) -> Iterable[Allowed]:
        if key[0].startswith("op "):
            yield from self.ops[key[0].removeprefix("op ")](p, key[1][0])
        else:
            yield from super()._allowed(key, p)

    # --- Requests of the user's -----------------------------------------------------------------------------------------------

    def _event(self, name: str, p: Possible, *args: Value) -> tuple[Allowed, ...]:
        return self.allowed((name, (TDI, *args)), p)

    def _lock(self, p: Possible, wrong: Value) -> Iterable[Allowed]:
        """The guest asks, and the host has the TSM lock the TDI."""
        yield from self._event("tdi_bind", p, wrong)

    def _attest(self, p: Possible, false_part: Value) -> Iterable[Allowed]:
        """Evidence is read, and then approved; or rejected, when a check of it fails."""
        for read in self._event("tdi_info", p, false_part):
            if read.reply != "ok":
                yield replace(read, reply=REFUSED)
                continue
            verdicts = self._event("verify", read.after, False, False)
            for v in verdicts:
                if v.reply == "ok":
                    yield v
                else:
                    rejected = self._event("reject", v.after)
                    yield replace(v, reply=REFUSED, after=rejected[0].after if rejected else v.after)
            if not verdicts:
                # An approval of other evidence goes on to count (a reading without the check of that).
                yield read

    def _attest_badly(self, p: Possible, _: Value) -> Iterable[Allowed]:
        """A part of the evidence does not come, or is none: nothing was read."""
        for a in self._event("tdi_info", p, "none"):
            yield replace(a, reply=REFUSED, after=p)

    def _attest_unread(self, p: Possible, part: Value) -> Iterable[Allowed]:
        """The bytes do not come: a guest may still have them, of this lock, and know that by the TSM's digests."""
        yield from self._attest_badly(p, part)
        yield from self._attest(p, "none")

    def _blindly(self, event: str) -> Request:
        """The TSM's answer about the TDI is kept back: the guest cannot learn what it has to check."""

        def allowed(p: Possible, _: Value) -> Iterable[Allowed]:
            for a in self._event(event, p):
                yield replace(a, reply=REFUSED, after=p)

        return allowed

    def _run(self, p: Possible, _: Value) -> Iterable[Allowed]:
        yield from self._event("tdi_run", p)
        yield from self._before_acceptance("tdi_run", p)

    def _run_unheard(self, p: Possible, _: Value) -> Iterable[Allowed]:
        """The host does nothing, whatever it says."""
        for a in self._event("tdi_run", p):
            yield replace(a, reply="ok", after=p)
        yield from self._before_acceptance("tdi_run", p)

    def _before_acceptance(self, event: str, p: Possible) -> Iterable[Allowed]:
        """A guest that has not accepted need not ask."""
        if self.value(p.state, f"guest.{TDI}.accepted") == "none":
            for a in self._event(event, p)[:1]:
                yield replace(a, reply=REFUSED, after=p)

    def _unheard(self, event: str, *args: Value) -> Request:
        """The host keeps the message to the TSM: the guest may have sent it, if it may send it at all."""

        def allowed(p: Possible, _: Value) -> Iterable[Allowed]:
            for a in self._event(event, p, *args):
                yield replace(a, reply=REFUSED if a.reply == REFUSED else "ok", after=p)

        return allowed

    def _probe_shared(self, p: Possible, _: Value) -> Iterable[Allowed]:
        """No guest has to drive a device that it does not trust."""
        for a in self._event("driver_shared", p):
            yield a
            yield replace(a, reply=REFUSED, after=p)

    def _release_secret(self, p: Possible, _: Value) -> Iterable[Allowed]:
        yield from self._event("release_secret", p)

    def _let_go(self, p: Possible, _: Value) -> Iterable[Allowed]:
        """The guest has closed gates of its own accord: with them it takes its acceptance back, if it has one."""
        revoked = self._event("tdi_revoke", p)
        yield from (a for a in revoked if a.reply == "ok")
        if not revoked:
            yield self._nothing(p)

    def _unbind(self, p: Possible, _: Value) -> Iterable[Allowed]:
        """The guest asks the host to unbind the TDI, and that does."""
        for a in self._event("tdi_unbind", p):
            yield replace(a, reply="ok", after=a.after if a.reply == "ok" else p)

    def _unlock(self, p: Possible, _: Value) -> Iterable[Allowed]:
        for a in self._unlock_unheard(p, _):
            if a.reply != "ok":
                yield a
                continue
            for b in self._unbind(a.after, _):
                yield replace(b, action=a.action if a.action.event == "tdi_revoke" else b.action)

    def _unlock_unheard(self, p: Possible, _: Value) -> Iterable[Allowed]:
        """The guest shuts its gates, and the host does not unbind the TDI, whatever it says."""
        revoked = self._event("tdi_revoke", p)
        yield from revoked
        if not revoked:
            yield self._nothing(p)

    def _nothing(self, p: Possible) -> Allowed:
        """Nothing has to be done. The action stands for the request in reports."""
        return Allowed("ok", self.compiled_of(("tdi_revoke", (TDI,)))[0].action, p)
