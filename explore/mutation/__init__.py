"""Mutation of the world's rules: would the catalogue notice a fault?"""

from .score import Score, scores
from .setting import Setting, settings
from .trial import Fate, Trial, Trials, all_trials, trials

__all__ = ["Fate", "Score", "Setting", "Trial", "Trials", "all_trials", "scores", "settings", "trials"]
