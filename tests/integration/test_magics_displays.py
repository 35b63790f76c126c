"""What a task's cell shows while it runs comes back, in order, when it is taken from the cache."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integration import kernels

SHOWS = {
    "prints": "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')",
    "last_expression": "print('before')\n{'answer': 42}",
    "silenced": "5;",
    "no_line_end": "import sys\nsys.stdout.write('raw')\nsys.stderr.writelines(['x', 'y']);",
    "display_update": "from IPython.display import display\n_h = display('x', display_id=True)\n_h.update('y')\ndisplay('z')",
    "cleared": "from IPython.display import clear_output\nprint(1)\nclear_output()\nprint(2)",
    "cleared_later": "from IPython.display import clear_output\nprint(1)\nclear_output(wait=True)\nprint(2)",
    "html": "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "progress": "from tqdm import tqdm\nfor _i in tqdm(range(3)): pass",
    "time_line": "%time _s = sum(range(10))",
    "shell": "!echo hallo",
    "shell_value": "_x = !echo one\nprint(_x)",
    "time_cell": "%%time\nprint('timed')",
    "captured": "%%capture _out\nprint('hidden')",
    "awaits": "import asyncio\nprint('q')\nawait asyncio.sleep(0.01)\nprint('w')\n'last'",
    "warning": "import warnings\nwarnings.warn('careful')",
    "logging": "import logging\nlogging.getLogger('x').warning('warned')",
    "process": "import subprocess\n_done = subprocess.run(['echo', '7'], capture_output=True, text=True)\nprint(_done.stdout)",
}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kernels.LiveKernel]:
    folder = tmp_path_factory.mktemp("displays")
    with kernels.kernel(folder, folder / "store") as live:
        yield live


@pytest.mark.parametrize("name", SHOWS)
def test_hit_shows_what_the_run_showed(kernel: kernels.LiveKernel, name: str) -> None:
    cell = f"%%task {name} -> None\n{SHOWS[name]}"
    ran, cached = kernel.run(cell), kernel.run(cell)
    assert (ran.error, cached.error) == ("", ""), ran.traceback + cached.traceback
    assert " · ran · " in ran.report
    assert " · cached · " in cached.report
    assert cached.shown == ran.shown


def test_figure_is_shown_without_asking_and_on_a_hit(kernel: kernels.LiveKernel) -> None:
    cell = "%%task\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])\nprint('drawn')"
    ran, cached = kernel.run(cell), kernel.run(cell)
    assert ran.error == "", ran.traceback
    assert cached.shown == ran.shown
    assert sum("image/png" in out.get("data", {}) for out in cached.outputs) == 1
    assert "ax is not kept" in ran.stdout
    assert "ax is not kept" in cached.stdout
    assert kernel.value("type(fig).__name__, 'ax' in dir()") == "('StoredFigure', False)"


def test_handler_of_an_earlier_cell_is_recorded_too(kernel: kernels.LiveKernel) -> None:
    kernel.run("import logging\nlogging.basicConfig(level='INFO')\nlog = logging.getLogger('mine')")
    cell = "%%task logged -> None\nlog.info('told')"
    ran, cached = kernel.run(cell), kernel.run(cell)
    assert "told" in ran.stderr, ran.traceback
    assert "told" in cached.stderr
    assert "cached" in cached.report


def test_hit_line_says_from_whom_and_when(kernel: kernels.LiveKernel) -> None:
    kernel.run("%%task line -> None\nprint(1)")
    report = kernel.run("%%task line -> None\nprint(1)").report
    assert " · from run 01" in report
    assert " by ana, just now" in report


def test_help_is_shown_for_a_question_mark(kernel: kernels.LiveKernel) -> None:
    message_id = kernel.client.execute("%%task?")
    reply = kernel.wait_reply(message_id)
    text = reply["payload"][0]["data"]["text/plain"]
    assert "--retries" in text
    assert "# %task train(df) -> model" in text
