"""Customer logistics, measured: the process chart, the seven rights and the survey."""

from workbook import stats
from workbook.causes import failing_cells
from workbook.chart import draw_chart, layout_chart
from workbook.data import Client, open_client, read_table
from workbook.display import show
from workbook.language import speak
from workbook.process import Process, build_process
from workbook.responses import Scores, score_responses
from workbook.results import Finding
from workbook.rights import Rights, measure_rights
from workbook.roadmap import RoadMap, draw_road_map, keep_key
from workbook.samples import write_sample
from workbook.schema import DataError, Problem
from workbook.survey import Questionnaire, design_survey, lint_question

__all__ = [
    "Client",
    "DataError",
    "Finding",
    "Problem",
    "Process",
    "Questionnaire",
    "Rights",
    "RoadMap",
    "Scores",
    "build_process",
    "design_survey",
    "draw_chart",
    "draw_road_map",
    "failing_cells",
    "keep_key",
    "layout_chart",
    "lint_question",
    "measure_rights",
    "open_client",
    "read_table",
    "score_responses",
    "show",
    "speak",
    "stats",
    "write_sample",
]
