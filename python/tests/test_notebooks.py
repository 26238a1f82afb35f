"""The notebooks run, draw, and check under mypy."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("matplotlib")

from test_types import CACHE, CONFIG  # noqa: E402

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
#: Packages of extras that a notebook needs.
NEEDS = {"physical_layer_pytorch": "torch", "qcodes_sweep": "qcodes"}


def cells(path: Path) -> list:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def pictures(cells: list) -> int:
    outputs = [output for cell in cells for output in cell.outputs]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def printed(notebook: nbformat.NotebookNode, pattern: str) -> list[float]:
    """Numbers that the cells print."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    text = "".join(output.text for output in outputs if output.output_type == "stream")
    return [float(number) for number in re.findall(pattern, text)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_draws_as_many_pictures_as_it_holds(path: Path) -> None:
    if path.stem in NEEDS:
        pytest.importorskip(NEEDS[path.stem])
    held = pictures(cells(path))
    assert held > 0
    notebook = nbformat.read(path, 4)
    resources = {"metadata": {"path": str(FOLDER)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    assert pictures([cell for cell in notebook.cells if cell.cell_type == "code"]) == held
    if path.stem == "physical_layer_pytorch":
        # The sphere, by a layer with a readout and by the pure command.
        of_layer, of_command = printed(notebook, r"right: ([0-9.]+)")
        assert of_layer >= of_command > 0.55


def test_the_code_of_the_notebooks_checks_under_mypy_in_strict_mode(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    modules = []
    for path in NOTEBOOKS:
        if path.stem in NEEDS and find_spec(NEEDS[path.stem]) is None:
            continue
        code = "\n\n".join(cell.source for cell in cells(path))
        modules.append(tmp_path / f"{path.stem}.py")
        modules[-1].write_text(code + "\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", str(CONFIG), "--cache-dir", str(CACHE), *map(str, modules)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
