"""A C function in a shared library, called in a child process of its own: ``python -m …library PATH SYMBOL SIGNATURE``.

The signature lists the arguments by what they are: ``session`` (int: 0 none, 1 the TSM's, 2 the other), ``request`` (pointer),
``size`` (size_t), ``response`` (pointer to 64 KiB), ``&size`` (size_t*: the room, then the length), each once. A status other than 0,
or a length of 0, is silence. Symbols ``SYMBOL_reset`` (no arguments) and ``SYMBOL_control`` (const char *line, returns 0 for done)
are used where the library has them, and ``SYMBOL_controls`` (returns const char*: names) says what the second takes.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

from ....model.language import ModelError

SIGNATURE = "session,request,size,response,&size"
_TYPES: dict[str, Any] = {
    "session": ctypes.c_int,
    "request": ctypes.c_char_p,
    "size": ctypes.c_size_t,
    "response": ctypes.c_void_p,
    "&size": ctypes.POINTER(ctypes.c_size_t),
}
_NUMBERS = {"none": 0, "tsm": 1, "host": 2}
_ROOM = 1 << 16


def parse_signature(text: str) -> list[str]:
    """The arguments that a signature names."""
    found = [x.strip() for x in text.split(",")]
    if unknown := [x for x in found if x not in _TYPES]:
        raise ModelError(f"signature {text!r}: {unknown[0]!r} is none of {', '.join(_TYPES)}")
    if missing := [x for x in ("request", "size", "response", "&size") if found.count(x) != 1]:
        raise ModelError(f"signature {text!r}: name {missing[0]} once")
    return found


def responder(path: str, symbol: str, signature: str) -> Callable[[str, bytes], bytes | None]:
    """The function, as ``(session, message) -> answer``."""
    library = ctypes.CDLL(path)
    names = parse_signature(signature)
    function = getattr(library, symbol)
    function.argtypes = [_TYPES[n] for n in names]
    function.restype = ctypes.c_int
    room = ctypes.create_string_buffer(_ROOM)

    def respond(session: str, message: bytes) -> bytes | None:
        length = ctypes.c_size_t(_ROOM)
        values = {
            "session": _NUMBERS[session],
            "request": message,
            "size": len(message),
            "response": ctypes.addressof(room),
            "&size": ctypes.byref(length),
        }
        status = function(*(values[n] for n in names))
        if status or not length.value:
            return None
        if length.value > _ROOM:
            raise ValueError(f"a length of {length.value} for a buffer of {_ROOM}")
        return room.raw[: length.value]

    return respond


def serve(path: str, symbol: str, signature: str) -> None:
    """Speak the line protocol of the child process on standard input and output."""
    respond = responder(path, symbol, signature)
    library = ctypes.CDLL(path)
    reset, control, controls = (getattr(library, f"{symbol}_{name}", None) for name in ("reset", "control", "controls"))
    if controls is not None:
        controls.restype = ctypes.c_char_p
    if control is not None:
        control.argtypes = [ctypes.c_char_p]
    for line in sys.stdin:
        verb, _, tail = line.strip().partition(" ")
        answer = "no"
        if verb == "send":
            session, message = tail.split()
            reply = respond(session, bytes.fromhex(message))
            answer = "-" if reply is None else reply.hex()
        elif verb == "reset" and reset is not None:
            reset()
            answer = "ok"
        elif verb == "do" and control is not None:
            answer = "no" if control(tail.encode()) else "ok"
        elif verb == "controls" and controls is not None:
            answer = controls().decode()
        print(answer, flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:4])
