"""What a check is about: a system, its properties, and the flow that it came from, if any."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from ..model.flows import FLOWS, Flow, flow
from ..model.language import Model, ModelError, System, Value, nearest
from ..properties.catalogue import Expectation, aspect_of, expectation, find, of_aspect
from ..properties.property import Property


@dataclass(frozen=True)
class Target:
    """A system with the properties to decide about it; of a flow, one for each aspect of which they speak."""

    name: str
    summary: str
    make: Callable[[], System]
    """Makes the system. It may raise `ModelError`, for a topology that cannot be."""
    properties: tuple[Property, ...]
    flow: Flow | None = None
    aspect: str = ""
    expected: Mapping[str, Expectation] | None = None
    """What a scenario file expects, by property; None: the catalogue's record says."""
    model: Model | None = None
    """What a system file says its system is an instance of; a flow knows its models itself."""

    @cached_property
    def system(self) -> System:
        """The system; it is made when it is asked for first."""
        return self.make()

    def unexpected(self, prop: Property, verdict: str, depth: int | None) -> str:
        """What was expected where the verdict is another; empty when it is as expected.

        A scenario file expects something of the properties that it names only, and a depth only where it names one.
        """
        if self.expected is None:
            recorded = expectation(self.name, prop.id)
            if recorded is None:
                return "nothing is recorded"
            return "" if recorded == Expectation(verdict, depth) else f"recorded is {recorded}"
        wanted = self.expected.get(prop.id)
        if wanted is None or (wanted.verdict == verdict and wanted.depth in (None, depth)):
            return ""
        return f"expected is {wanted}"


def targets(
    names: Sequence[str],
    properties: Sequence[str] = (),
    topology: Mapping[str, int] | None = None,
    changed: Mapping[str, Value] | None = None,
) -> list[Target]:
    """Flows by name, scenario files (TOML) and system files (Python) by path; all flows when there are no names.

    ``properties`` picks from the catalogue (or from the file's own). Topology and knobs that are given go before those of a
    flow or a scenario. Raises `ModelError` for anything unknown; what a system makes of its topology it says when it is made.
    """
    found = []
    for name in names or list(FLOWS):
        if name.endswith(".toml"):
            from .scenarios.scenario import load  # here, since most commands are about flows

            s = load(Path(name))
            wanted = [find(p) for p in properties] or list(s.properties)
            mine = _of_flow(s.flow, wanted, topology, changed)
            if not mine:
                raise ModelError(
                    f"{name}: {', '.join(p.id for p in wanted)}: of aspects that flow {s.base} does not have; "
                    f"it has {', '.join(s.flow.aspects)}"
                )
            found += [replace(t, expected=s.expected, make=partial(_naming, name, t.make)) for t in mine]
        elif name.endswith(".py"):
            if topology or changed:
                raise ModelError(
                    f"{name}: topology and knobs are for flows; a system file fixes its own: leave the options out"
                )
            found.append(_from_file(Path(name), properties))
        else:
            f = flow(name)
            mine = _of_flow(f, [find(p) for p in properties] or None, topology, changed)
            if names and properties and not mine:
                raise ModelError(
                    f"flow {f.name}: {', '.join(properties)}: of aspects that this flow does not have; it has {', '.join(f.aspects)}"
                )
            found += mine
    return found


def _of_flow(
    f: Flow, properties: Sequence[Property] | None, topology: Mapping[str, int] | None, changed: Mapping[str, Value] | None
) -> list[Target]:
    """A target for each aspect of the flow of which some of the properties (None: all of the catalogue) speak."""
    found = []
    for aspect in f.aspects:
        chosen = of_aspect(aspect) if properties is None else tuple(p for p in properties if aspect_of(p) == aspect)
        if chosen:
            make = partial(f.system, topology, changed, aspect=aspect)
            found.append(Target(f.name, f.summary, make, chosen, f, aspect))
    return found


def _naming(path: str, make: Callable[[], System]) -> System:
    """What is made of a file, whose errors name it."""
    try:
        return make()
    except ModelError as e:
        raise ModelError(f"{path}: {e}") from None


def _from_file(path: Path, wanted: Sequence[str]) -> Target:
    """A Python file that defines ``SYSTEM`` (a `System`), ``PROPERTIES`` (a list of `Property`), and perhaps ``MODEL`` (a `Model`)."""
    try:
        names = runpy.run_path(str(path))
    except OSError as e:
        raise ModelError(
            f"{path}: cannot be read: {e.strerror}; give the path of a Python file that defines SYSTEM"
        ) from None
    except SyntaxError as e:
        raise ModelError(f"{path}, line {e.lineno}: {e.msg}; correct the file") from None
    except ModelError as e:
        raise ModelError(f"{path}: {e}") from None
    except Exception as e:
        line = _line_in(e, path)
        raise ModelError(f"{path}{line}: {type(e).__name__}: {e}; correct the file") from e
    system, own = names.get("SYSTEM"), names.get("PROPERTIES")
    if not isinstance(system, System):
        raise ModelError(f"{path}: defines no SYSTEM; add SYSTEM = Model.of(…).instantiate(…)")
    own = list(own) if isinstance(own, Iterable) else [own]
    if not all(isinstance(p, Property) for p in own):
        raise ModelError(f"{path}: defines no PROPERTIES; add PROPERTIES = [Property(…), …]")
    by_id = {p.id: p for p in own}
    for name in wanted:
        if name not in by_id:
            raise ModelError(f"{path}: there is no property {name!r}{nearest(name, by_id)}")
    chosen = tuple(by_id[n] for n in wanted) if wanted else tuple(own)
    model = names.get("MODEL")
    if model is not None and not isinstance(model, Model):
        raise ModelError(f"{path}: MODEL is no Model; write MODEL = Model.of(…)")
    return Target(path.stem, (names.get("__doc__") or "").strip().partition("\n")[0], lambda: system, chosen, model=model)


def _line_in(e: BaseException, path: Path) -> str:
    """The last line of the file that the exception passed through."""
    line, frame = None, e.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == str(path):
            line = frame.tb_lineno
        frame = frame.tb_next
    return f", line {line}" if line else ""
