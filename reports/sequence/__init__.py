"""Sequence charts."""

from .chart import Chart, sequence_chart, sequence_svg
from .lanes import LANES, lane_order, lane_title, refuser

__all__ = ["LANES", "Chart", "lane_order", "lane_title", "refuser", "sequence_chart", "sequence_svg"]
