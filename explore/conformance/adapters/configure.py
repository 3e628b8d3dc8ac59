"""Which implementation, and how to reach it: from the command line, or from the table [adapter] of a TOML file."""

from __future__ import annotations

import importlib
import runpy
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ....model.language import ModelError, nearest
from ..reference import TWO_TDI_MUTANTS, Dsm, TwoTdis, gallery
from ..requester import GUEST_MUTANTS, GuestDriver
from . import library
from .adapter import Adapter, Broken
from .inprocess import InProcess
from .process import ENVELOPES, Process
from .requester import ObjectRequester, ProcessRequester, Requester, SocketRequester
from .socket import Framing, Socket

STARTS = ("fresh", "session", "keyed", "secure")


@dataclass(frozen=True)
class Setup:
    """How to reach an implementation, and what it must be told about: the values that stand in requests."""

    subject: str
    """``reference``, ``mutant:LABEL``, ``python:MODULE_OR_FILE:NAME``, ``exec:COMMAND``, ``tcp:HOST:PORT``, ``unix:PATH``, ``lib:PATH:SYMBOL``."""
    timeout: float = 2.0
    envelope: str = "none"
    framing: str = "doe"
    signature: str = library.SIGNATURE
    controls: tuple[str, ...] | None = None
    """What can be caused from outside; None: the implementation says so itself."""
    start: str = "fresh"
    """What there is after a reset: nothing; the TSM's session; keys of the default stream over it; a Secure stream."""
    multi_session: bool = True
    """Whether a second SPDM session can live beside the first."""
    ide_required: bool = True
    function_id: int = 0x0100
    second_function_id: int = 0x0101
    """The interface of a second TDI of the same device."""
    tdis: int = 1
    """How many TDIs are driven: one, or two."""
    foreign_function_id: int = 0xBEEF
    """One that the device does not host."""
    stream_id: int = 1
    p2p_streams: tuple[int, int] = (2, 3)
    """Peer-to-peer streams that are keyed over the TSM's session, and over another."""
    port: int = 0
    updatable: tuple[int, int, int] = (0, 4, 2)
    """The range whose attribute changes: first page (without the reporting offset), pages, range id."""
    lock_flags: int = 0x1F
    """The flags that the device supports."""

    def __post_init__(self) -> None:
        for name, options in (("envelope", ENVELOPES), ("framing", tuple(f.value for f in Framing)), ("start", STARTS)):
            if getattr(self, name) not in options:
                raise ModelError(f"adapter: {name}={getattr(self, name)!r}: it is one of {', '.join(options)}")
        if self.tdis not in (1, 2):
            raise ModelError(f"adapter: tdis={self.tdis!r}: it is 1 or 2")
        library.parse_signature(self.signature)

    def adapter(self) -> Adapter:
        """The implementation. Raises `ModelError` when it cannot be reached."""
        try:
            return _adapter(self)
        except Broken as e:
            raise ModelError(f"adapter {self.subject}: {e}") from None

    def requester(self, wanted: Mapping[str, str]) -> Requester:
        """A guest, which is told at each reset what is wanted of the device. Raises `ModelError` when it cannot be reached."""
        try:
            return _requester(self, wanted)
        except Broken as e:
            raise ModelError(f"adapter {self.subject}: {e}") from None


def adapter_from(spec: str, **settings: Any) -> Setup:
    """The setup that a specification names: one of the forms of `Setup.subject`, or a TOML file with a table [adapter]."""
    setup = setup_from_file(Path(spec)) if spec.endswith(".toml") else Setup(spec)
    return replace(setup, **{k: v for k, v in settings.items() if v is not None})


def setup_from_file(path: Path) -> Setup:
    """The setup in the table [adapter] of a TOML file (a scenario file may have one)."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise ModelError(f"{path}: cannot be read: {e.strerror}; give a file with a table [adapter]") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise ModelError(f"{path}: {e}; correct the TOML") from None
    table = content.get("adapter")
    if not isinstance(table, dict):
        raise ModelError(f'{path}: there is no table [adapter]: add one with subject = "exec:./responder", for example')
    return _setup(table, str(path))


def _setup(table: Mapping[str, Any], where: str) -> Setup:
    known = {f.name: f for f in fields(Setup)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key == "tdis":
            raise ModelError(f"{where}: adapter.tdis: say it on the command line, with --tdis 2")
        if key not in known:
            raise ModelError(f"{where}: adapter.{key}: there is no such key{nearest(key, known)}")
        values[key] = tuple(value) if isinstance(value, list) else value
    if not isinstance(values.get("subject"), str):
        raise ModelError(f'{where}: adapter.subject: give one, such as "exec:./responder"')
    numbers = ("function_id", "second_function_id", "foreign_function_id", "stream_id", "port", "lock_flags")
    for key in numbers:
        if key in values and (not isinstance(values[key], int) or isinstance(values[key], bool) or values[key] < 0):
            raise ModelError(f"{where}: adapter.{key}={values[key]!r}: give a whole number that is not negative")
    for key, size in (("p2p_streams", 2), ("updatable", 3)):
        if key in values and (not isinstance(values[key], tuple) or len(values[key]) != size):
            raise ModelError(f"{where}: adapter.{key}: give {size} numbers")
    return Setup(**values)


def _adapter(setup: Setup) -> Adapter:
    kind, _, what = setup.subject.partition(":")
    match kind:
        case "reference":
            device = TwoTdis if setup.tdis == 2 else Dsm
            return InProcess(lambda: device(multi_session=setup.multi_session))
        case "mutant" if setup.tdis == 2:
            if what not in TWO_TDI_MUTANTS:
                raise ModelError(f"adapter: there is no mutant {what!r} with two TDIs{nearest(what, TWO_TDI_MUTANTS)}")
            return InProcess(lambda: TWO_TDI_MUTANTS[what](multi_session=setup.multi_session))
        case "mutant":
            mutants = gallery()
            if what not in mutants:
                raise ModelError(f"adapter: there is no mutant {what!r}{nearest(what, mutants)}")
            made = mutants[what].make()
            return InProcess(lambda: made(multi_session=setup.multi_session))
        case "python":
            return InProcess(_python(what))
        case "exec" if what:
            return Process(what, timeout=setup.timeout, envelope=setup.envelope, controls=setup.controls)
        case "tcp":
            return Socket(_address(setup), framing=Framing(setup.framing), timeout=setup.timeout)
        case "unix" if what:
            return Socket(what, framing=Framing(setup.framing), timeout=setup.timeout)
        case "lib":
            path, _, symbol = what.rpartition(":")
            if not path or not Path(path).exists():
                raise ModelError(f"adapter {setup.subject}: write lib:PATH:SYMBOL, with the path of a shared library")
            command = (sys.executable, "-m", library.__name__, str(Path(path).resolve()), symbol, setup.signature)
            return Process(command, timeout=setup.timeout, controls=setup.controls)
    raise ModelError(
        f"adapter {setup.subject!r}: write reference, mutant:LABEL, python:FILE.py:NAME, exec:COMMAND, tcp:HOST:PORT, unix:PATH, "
        "lib:PATH:SYMBOL, or give a TOML file"
    )


def _requester(setup: Setup, wanted: Mapping[str, str]) -> Requester:
    kind, _, what = setup.subject.partition(":")
    match kind:
        case "reference":
            return ObjectRequester(GuestDriver, wanted)
        case "mutant":
            if what not in GUEST_MUTANTS:
                raise ModelError(f"adapter: there is no mutant {what!r} of a guest{nearest(what, GUEST_MUTANTS)}")
            return ObjectRequester(GUEST_MUTANTS[what].make, wanted)
        case "python":
            return ObjectRequester(_python(what), wanted)
        case "exec" if what:
            return ProcessRequester(what, wanted, timeout=setup.timeout, controls=setup.controls)
        case "tcp" | "unix" if what:
            address = _address(setup) if kind == "tcp" else what
            return SocketRequester(address, wanted, timeout=setup.timeout, controls=setup.controls)
    raise ModelError(
        f"adapter {setup.subject!r}: for a guest write reference, mutant:LABEL, python:FILE.py:NAME, exec:COMMAND, tcp:HOST:PORT, "
        "unix:PATH, or give a TOML file"
    )


def _address(setup: Setup) -> tuple[str, int]:
    host, _, port = setup.subject.partition(":")[2].rpartition(":")
    if not host or not port.isdigit():
        raise ModelError(f"adapter {setup.subject}: write tcp:HOST:PORT")
    return host, int(port)


def _python(what: str) -> Callable[..., Any]:
    module, _, name = what.rpartition(":")
    if not module:
        raise ModelError(f"adapter python:{what}: write python:MODULE:NAME or python:FILE.py:NAME")
    try:
        names = runpy.run_path(module) if module.endswith(".py") else vars(importlib.import_module(module))
    except Exception as e:
        raise ModelError(f"adapter python:{what}: {type(e).__name__}: {e}") from None
    if not callable(names.get(name)):
        raise ModelError(f"adapter python:{what}: {module} defines no {name} that can be called{nearest(name, names)}")
    made: Callable[..., Any] = names[name]
    return made
