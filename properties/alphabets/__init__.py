"""Alphabets: what different observers see of a run, as data, for asking whether two systems look the same to them."""

from .alphabet import Alphabet, Seen, Shown
from .observer import Observer, label
from .registry import ALPHABETS, alphabet, named

__all__ = ["ALPHABETS", "Alphabet", "Observer", "Seen", "Shown", "alphabet", "label", "named"]
