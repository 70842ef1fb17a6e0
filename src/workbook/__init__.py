"""Customer logistics, measured: the process chart, the seven rights and the survey."""

from workbook import stats
from workbook.bottleneck import compare_waits
from workbook.causes import failing_cells
from workbook.chart import draw_chart, layout_chart
from workbook.comments import code_comments
from workbook.conformance import compare_log
from workbook.cycles import cycle_times, fairness_by_size
from workbook.data import Client, open_client, read_table
from workbook.display import show
from workbook.eventlog import read_log
from workbook.exports import export_survey
from workbook.ladder import definition_ladder
from workbook.language import speak
from workbook.lint import lint_question
from workbook.mapping import suggest_mapping
from workbook.perfect import explain_perfect
from workbook.preflight import check_survey
from workbook.priorities import score_gaps, set_priorities
from workbook.process import Process, build_process
from workbook.responses import score_responses
from workbook.rights import Rights, measure_rights
from workbook.roadmap import RoadMap, draw_road_map, keep_key
from workbook.roles import assign_roles
from workbook.samples import write_sample
from workbook.schema import DataError
from workbook.survey import Questionnaire, design_survey
from workbook.trends import busy_and_slow, control_charts
from workbook.visibility import trace_orders

__all__ = [
    "Client",
    "DataError",
    "Process",
    "Questionnaire",
    "Rights",
    "RoadMap",
    "assign_roles",
    "build_process",
    "busy_and_slow",
    "check_survey",
    "code_comments",
    "compare_log",
    "compare_waits",
    "control_charts",
    "cycle_times",
    "definition_ladder",
    "design_survey",
    "draw_chart",
    "draw_road_map",
    "explain_perfect",
    "export_survey",
    "failing_cells",
    "fairness_by_size",
    "keep_key",
    "layout_chart",
    "lint_question",
    "measure_rights",
    "open_client",
    "read_log",
    "read_table",
    "score_gaps",
    "score_responses",
    "set_priorities",
    "show",
    "speak",
    "stats",
    "suggest_mapping",
    "trace_orders",
    "write_sample",
]
