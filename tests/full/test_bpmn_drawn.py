"""Read our BPMN with bpmn-moddle and draw it with bpmn-js; the pictures stay in artefacts/."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from workbook.chart import draw_chart
from workbook.data import open_client
from workbook.process import build_process
from workbook.starter import sample_names

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from some_charts import forks, hostile, random_steps, squeezed  # noqa: E402

pytestmark = pytest.mark.full

MODULES = ROOT / "node_modules"
# Reads BPMN from the standard input, and says warnings, lanes, shapes and tasks' names.
READ = """
import BpmnModdle from 'bpmn-moddle';
import { readFileSync } from 'fs';
const { rootElement, warnings } = await new BpmnModdle().fromXML(readFileSync(0, 'utf8'));
const process = rootElement.rootElements.find(one => one.$type === 'bpmn:Process');
console.log(JSON.stringify({
  warnings: warnings.map(one => one.message),
  lanes: process.laneSets[0].lanes.map(one => one.name),
  names: process.flowElements.filter(one => one.$type === 'bpmn:Task').map(one => one.name),
  shapes: rootElement.diagrams[0].plane.planeElement.length,
}));
"""
DRAW = """async xml => {
  const viewer = new BpmnJS({ container: '#canvas' });
  const { warnings } = await viewer.importXML(xml);
  viewer.get('canvas').zoom('fit-viewport');
  return warnings.map(one => one.message);
}"""


def cases() -> dict[str, object]:
    clients = {name: build_process(open_client(name).steps) for name in sample_names()}
    made = {f"random-{seed}": build_process(random_steps(seed)) for seed in range(12)}
    return clients | made | {"hostile": build_process(hostile()), "forks": build_process(forks())}


CASES = cases()


@pytest.fixture(params=CASES)
def case(request) -> tuple[str, object, str]:
    process = CASES[request.param]
    return request.param, process, draw_chart(process, format="bpmn")


def test_bpmn_moddle_reads_it_without_a_warning(case):
    _, process, xml = case
    assert (MODULES / "bpmn-moddle").is_dir(), "bpmn-moddle is missing; run tools/install_full.sh"
    command = ["node", "--input-type=module", "-e", READ]
    said = subprocess.run(command, input=xml.encode(), capture_output=True, check=True, cwd=ROOT)
    found = json.loads(said.stdout)
    assert found["warnings"] == []
    assert list(map(squeezed, found["lanes"])) == list(map(squeezed, process.roles))
    assert len(found["names"]) == len(process.steps)


def test_bpmn_js_draws_every_element(case, browser):
    name, _process, xml = case
    page = browser.new_page(viewport={"width": 1600, "height": 900})
    page.set_content("<style>html,body,#canvas{height:100%;margin:0}</style><div id=canvas></div>")
    script = MODULES / "bpmn-js/dist/bpmn-navigated-viewer.production.min.js"
    assert script.is_file(), "bpmn-js is missing; run tools/install_full.sh"
    page.add_script_tag(path=script)
    assert page.evaluate(DRAW, xml) == []
    drawn = page.locator(".djs-shape:not([data-element-id$=_label])").count()
    assert drawn == xml.count("<bpmndi:BPMNShape ")
    assert page.locator(".djs-connection").count() == xml.count("<bpmndi:BPMNEdge ")
    folder = ROOT / "artefacts"
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"bpmn-{name}.png")
    page.close()
