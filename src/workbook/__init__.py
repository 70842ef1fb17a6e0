"""Customer logistics, measured: the process chart, the seven rights and the survey."""

from workbook import stats
from workbook.bottleneck import compare_waits
from workbook.causes import failing_cells
from workbook.chart import draw_chart, layout_chart
from workbook.closer import look_closer
from workbook.comments import code_comments, coder_agreement
from workbook.conformance import compare_log
from workbook.cycles import cycle_times, fairness_by_size
from workbook.data import Client, open_client, read_table
from workbook.display import show
from workbook.drivers import order_facts, rank_drivers, repeat_orders
from workbook.eventlog import read_log
from workbook.ladder import definition_ladder
from workbook.language import speak
from workbook.lint import lint_question, lint_questions
from workbook.mailing import plan_mailing, plan_sample
from workbook.mapping import suggest_mapping
from workbook.nonresponse import response_rates, weigh_answers
from workbook.perfect import explain_perfect
from workbook.pert import estimate_times
from workbook.priorities import score_gaps, set_priorities
from workbook.process import Process, build_process
from workbook.responses import score_responses
from workbook.results import Finding
from workbook.rights import Rights, measure_rights
from workbook.roadmap import RoadMap, draw_road_map, keep_key
from workbook.roles import assign_roles
from workbook.samples import write_sample
from workbook.schema import DataError, Problem
from workbook.scores import Scores
from workbook.survey import Questionnaire, design_survey
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
    "code_comments",
    "coder_agreement",
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
    "lint_questions",
    "look_closer",
    "measure_rights",
    "open_client",
    "order_facts",
    "plan_mailing",
    "plan_sample",
    "rank_drivers",
    "read_log",
    "read_table",
    "repeat_orders",
    "response_rates",
    "score_gaps",
    "score_responses",
    "set_priorities",
    "show",
    "speak",
    "stats",
    "suggest_mapping",
    "trace_orders",
    "weigh_answers",
    "write_sample",
]
