"""Implementations held against the model: fuzzing, test suites, learning, logs."""

from .adapters import Adapter, Setup, adapter_from
from .fuzz import Budget, Campaign, Fault, fuzz
from .guide import Coverage
from .machine import NotConforming, state_machine
from .protocols import PROTOCOLS, alphabet_for
from .reference import Dsm, gallery
from .run import Finding, Run

__all__ = [
    "PROTOCOLS",
    "Adapter",
    "Budget",
    "Campaign",
    "Coverage",
    "Dsm",
    "Fault",
    "Finding",
    "NotConforming",
    "Run",
    "Setup",
    "adapter_from",
    "alphabet_for",
    "fuzz",
    "gallery",
    "state_machine",
]
