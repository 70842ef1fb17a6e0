"""Customer logistics, measured: the process chart, the seven rights and the survey."""

from workbook import stats
from workbook.bottleneck import compare_waits
from workbook.causes import failing_cells
from workbook.chart import draw_chart, layout_chart
from workbook.closer import look_closer
from workbook.conformance import compare_log
from workbook.cycles import cycle_times, fairness_by_size
from workbook.data import Client, open_client, read_table
from workbook.display import show
from workbook.eventlog import read_log
from workbook.ladder import definition_ladder
from workbook.language import speak
from workbook.mapping import suggest_mapping
from workbook.perfect import explain_perfect
from workbook.pert import estimate_times
from workbook.process import Process, build_process
from workbook.responses import Scores, score_responses
from workbook.results import Finding
from workbook.rights import Rights, measure_rights
from workbook.roadmap import RoadMap, draw_road_map, keep_key
from workbook.roles import assign_roles
from workbook.samples import write_sample
from workbook.schema import DataError, Problem
from workbook.survey import Questionnaire, design_survey, lint_question
from workbook.trends import busy_and_slow, compare_groups, control_charts
from workbook.visibility import trace_orders
from workbook.whatif import change_process, compare_processes

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
    "assign_roles",
    "build_process",
    "busy_and_slow",
    "change_process",
    "compare_groups",
    "compare_log",
    "compare_processes",
    "compare_waits",
    "control_charts",
    "cycle_times",
    "definition_ladder",
    "design_survey",
    "draw_chart",
    "draw_road_map",
    "estimate_times",
    "explain_perfect",
    "failing_cells",
    "fairness_by_size",
    "keep_key",
    "layout_chart",
    "lint_question",
    "look_closer",
    "measure_rights",
    "open_client",
    "read_log",
    "read_table",
    "score_responses",
    "show",
    "speak",
    "stats",
    "suggest_mapping",
    "trace_orders",
    "write_sample",
]
