"""All alphabets by name and aspect, and what a user names instead: parties, events, variables."""

from __future__ import annotations

from collections.abc import Iterable

from ...model.language import Event, Model, ModelError, System, nearest, param
from ..steps import Step
from . import channel, evidence, ide, lifecycle, proxy, resources, responder, spdm
from .alphabet import Alphabet, Seen, Shown

ALPHABETS: tuple[Alphabet, ...] = tuple(
    a for part in (lifecycle, evidence, responder, ide, spdm, channel, proxy, resources) for a in part.ALPHABETS
)
"""All of them, aspect by aspect. Besides, in every aspect each party's name stands for what it sends and is told."""


def alphabet(items: Iterable[str], system: System, aspect: str = "", model: Model | None = None) -> Alphabet:
    """The union of what the items name.

    An item is the name of an alphabet of the aspect; a party (the events that it causes, with their replies); an event, perhaps with a
    reply (``mmio``, ``mmio:FAULT``; all of its arguments and, without a reply, all of its replies are seen); or a variable of the
    state, of all instances (``gate.dma``) or of one (``gate.tdi0.dma``). Raises `ModelError` for anything else.
    """
    names = tuple(dict.fromkeys(items))
    parts = [_item(name, system, aspect, model) for name in names]
    if len(parts) == 1:
        return parts[0]
    return Alphabet(
        " + ".join(names),
        aspect,
        " ".join(p.says for p in parts),
        tuple(s for p in parts for s in p.seen),
        tuple(s for p in parts for s in p.shown),
    )


def named(name: str, aspect: str) -> Alphabet | None:
    """A named alphabet of an aspect."""
    return next((a for a in ALPHABETS if (a.name, a.aspect) == (name, aspect)), None)


def _item(item: str, system: System, aspect: str, model: Model | None) -> Alphabet:
    found = named(item, aspect)
    if found is not None:
        return found
    by_party: dict[str, None] = {}
    replies: dict[str, set[str]] = {}
    if model is not None:
        replies = {name: set() for name in model.events}
        by_party = dict.fromkeys(e.actor.name for e in model.events.values())
    for a in system.actions:
        by_party.setdefault(a.actor)
        replies.setdefault(a.event, set()).add(a.reply)
    if item in by_party:
        mine = tuple(dict.fromkeys(a.event for a in system.actions if a.actor == item))
        seen = tuple(Seen(_of(event)) for event in mine)
        return Alphabet(item, aspect, f"What the {item.replace('_', ' ')} sends, and what it is told.", seen)
    event, colon, reply = item.partition(":")
    if event in replies:
        if colon and reply not in {"ok", "refused"} | replies[event]:
            known = ", ".join(sorted(replies[event] | {"ok", "refused"}))
            raise ModelError(f"{item}: the event {event} has no reply {reply!r} here: it has {known}")
        says = f"The event {event}{f' with the reply {reply}' if colon else ', with its replies'}."
        return Alphabet(item, aspect, says, (Seen(_of(event, reply if colon else None)),))
    if item in system.index:
        return Alphabet(item, aspect, f"The value of {item}.", shown=(Shown(item, system[item]),))
    family = next((f for f in model.families if str(f) == item and not f.rigid), None) if model is not None else None
    if family is not None:
        over = tuple(param(f"i{n}", index) for n, index in enumerate(family.over))
        label = f"{item}[{', '.join(f'{{{p.name}}}' for p in over)}]" if over else item
        return Alphabet(item, aspect, f"The value of {item}, of all instances.", shown=(Shown(label, family[over], over),))
    mine_too = [a.name for a in ALPHABETS if a.aspect == aspect]
    families = [str(f) for f in model.families if not f.rigid] if model is not None else []
    known_names = [*mine_too, *by_party, *replies, *system.index, *families]
    raise ModelError(
        f"nothing to observe is called {item!r} in {f'the aspect {aspect}' if aspect else system.name}{nearest(event, known_names)}; name an alphabet "
        f"({', '.join(mine_too) or 'there are none here'}), a party ({', '.join(by_party)}), an event, or a variable"
    )


def _of(event: str, reply: str | None = None) -> Step:
    """Steps of an event by its name, whatever its arguments."""
    return Step(Event(event), {}, reply)
