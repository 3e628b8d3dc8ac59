"""How an implementation is reached: a Python object, a child process, a socket, a shared library."""

from .adapter import Adapter, Broken, Fault, Reply
from .configure import Setup, adapter_from, setup_from_file
from .inprocess import InProcess
from .process import Process
from .socket import Framing, Socket

__all__ = [
    "Adapter",
    "Broken",
    "Fault",
    "Framing",
    "InProcess",
    "Process",
    "Reply",
    "Setup",
    "Socket",
    "adapter_from",
    "setup_from_file",
]
