"""Notebooks that are hard to execute alike: each stands for something that a kernel does beyond running code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Cell(NamedTuple):
    """A code cell with tags."""

    source: str
    tags: tuple[str, ...] = ()


class Case(NamedTuple):
    """A notebook. ``apart`` says why some cells differ, by their number."""

    cells: tuple[Cell, ...]
    apart: Mapping[int, str] = MappingProxyType({})


def _case(*sources: str | Cell, apart: dict[int, str] | None = None) -> Case:
    return Case(tuple(Cell(source) if isinstance(source, str) else source for source in sources), apart or {})


_RAISES = ("raises-exception",)

CASES: dict[str, Case] = {
    "values": _case("1 + 1", "x = 3\nx;", "x", "None", "_, __", "Out[3]", "In[1]", "'a\\nb'", "[1, 2\n]", "..."),
    "prints": _case(
        "print('a')\nprint('b', end='')\nprint('c', flush=True)",
        "import sys\nprint('e', file=sys.stderr)",
        "print('a'); sys.stdout.write('b\\n')",
        "print('\\u00e9\\U0001f600')",
        "for n in range(2000): print(n)",
        "print('x' * 200_000)",
    ),
    "stdout object": _case(
        "import sys\n(sys.stdout.encoding, sys.stdout.isatty(), sys.stdout.writable(), type(sys.stdout).__name__)",
        Cell("sys.stdout.buffer", _RAISES),
        Cell("sys.stdout.write(3)", _RAISES),
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as f:\n    print('kept')\nf.getvalue()",
        apart={2: "the traceback's frame within the stream"},
    ),
    "displays": _case(
        "from IPython.display import display, HTML, Markdown, JSON, Image, Javascript, clear_output, update_display\n"
        "display(1, 'two', HTML('<b>3</b>'))",
        "h = display('first', display_id='one')\nh",
        "h.update('second')",
        "display('again', display_id='one')",
        "update_display('third', display_id='one')",
        "display({'a': 1}, metadata={'text/plain': {'k': 1}})\nJSON({'a': [1]})",
        "display({'text/plain': 'raw', 'text/x-own': 'o'}, raw=True)",
        "Markdown('# t')",
        "display(); display(None)",
        "class R:\n    def _repr_html_(self): return '<i>r</i>'\n    def __repr__(self): return 'R!'\nR()",
        "class M:\n    def _repr_mimebundle_(self, include=None, exclude=None): return {'text/plain': 'm', 'a/b': 'c'}\nM()",
        "class B:\n    def _repr_html_(self): raise ValueError('no repr')\nB()",
        "class D:\n    def _ipython_display_(self): print('displayed itself')\nD()",
    ),
    "clearing": _case(
        "from IPython.display import clear_output, display\nprint('gone')\nclear_output()\nprint('stays')",
        "print('until next')\nclear_output(wait=True)\nprint('next')",
        "for n in range(5):\n    clear_output(wait=True)\n    display(n)",
        "print('a')\nclear_output(wait=True)",
        "print('b')",
    ),
    "errors": _case(
        Cell("def f(n):\n    return 1 / n\ndef g():\n    return f(0)\ng()", _RAISES),
        Cell("raise ValueError('a') from KeyError('b')", _RAISES),
        Cell("if 1\n  2", _RAISES),
        Cell("print('before'); undefined_name", _RAISES),
        Cell("class E(Exception): pass\nraise E('own', 3)", _RAISES),
        Cell("raise ExceptionGroup('g', [ValueError(1), TypeError(2)])", _RAISES),
        Cell("assert 1 == 2, 'unequal'", _RAISES),
        Cell("import json\njson.loads('{')", _RAISES),
        "1 / 0",
        "'never'",
    ),
    "tags": _case(
        Cell("1", ("skip-execution",)),
        Cell("2", ("remove_cell",)),
        Cell("1/0", _RAISES),
        "4",
        "",
        "  \n",
        "# only a comment",
    ),
    "sys.exit": _case("print('a')", "import sys\nsys.exit()", "print('never')"),
    "sys.exit with a code": _case("import sys\nsys.exit(3)", "print('never')"),
    "SystemExit with a text": _case("raise SystemExit('bye')"),
    "keyboard interrupt": _case(Cell("raise KeyboardInterrupt", _RAISES), "1"),
    "await": _case(
        "import asyncio\nawait asyncio.sleep(0.01)\n1",
        "async def f(n):\n    await asyncio.sleep(0)\n    return n\nawait asyncio.gather(f(1), f(2))",
        "asyncio.get_running_loop().is_running()",
        Cell("asyncio.run(f(1))", _RAISES),
        "t = asyncio.create_task(f(7))",
        "await t",
        "async with asyncio.timeout(5):\n    x = await f(3)\nx",
        "[n async for n in _] if False else 'ok'",
        Cell("await f(1) / 0", _RAISES),
    ),
    "shell lines": _case(
        "!echo out; echo err >&2", "files = !printf 'a\\nb\\n'\nfiles", "!false\n_exit_code", "!!echo x"
    ),
    "bash cells": _case(
        "%%bash\necho out\necho err >&2",
        "%%bash --out o --err e\necho out; echo err >&2",
        "o, e",
        Cell("%%bash\nexit 3", _RAISES),
        "%%sh\necho sh",
        "%%script python3\nprint(1 + 1)",
    ),
    "magics": _case(
        "%%capture c\nprint('hidden')\n5",
        "c.stdout, c.outputs",
        "c.show()",
        "%env TC_X=1",
        "import os\nos.environ['TC_X']",
        "%who_ls",
        "%precision 3\n3.14159",
        "%%writefile own_module.py\nz = 4",
        "import own_module\nown_module.z",
        "%run own_module.py\nz",
        "%load_ext autoreload\n%autoreload 2",
        Cell("%no_such_magic", _RAISES),
        Cell("%%no_such_cell_magic\n1", _RAISES),
        "%store z\n%store -r z\nz",
        "%alias hi echo hi %s\n%hi there",
        "print?",
        "%pwd\n1",
        "%xmode Plain",
        Cell("1/0", _RAISES),
    ),
    "history": _case("1", "2", "_, __, _1, _2", "%history", "_i1, _ih[2]", "len(Out)"),
    "namespace": _case(
        "__name__, '__file__' in globals()",
        "import __main__\n__main__.__dict__ is globals()",
        "get_ipython().__class__.__name__, get_ipython().__class__.__module__",
        "'IPKernelApp' in get_ipython().config",
        "get_ipython().execution_count",
        "import pickle\nclass P: pass\ntype(pickle.loads(pickle.dumps(P()))).__module__",
        "exec('q = 1')\nq",
        "def f(): return __name__\nf()",
        "import sys\nsys.path.index('') > 0, 'ipykernel_launcher' in sys.argv[0]",
        "import inspect\nprint(inspect.getsource(f))",
        "open",
        "import builtins\nhasattr(builtins, 'display'), hasattr(builtins, 'get_ipython')",
    ),
    "input": _case(
        Cell("input('name? ')", _RAISES),
        Cell("import getpass\ngetpass.getpass()", _RAISES),
        "import sys\nsys.stdin.read() if sys.stdin else ''",
    ),
    "subprocesses": _case(
        "import subprocess\nprint('before')\nprint(subprocess.run(['echo', 'x'], capture_output=True).stdout)",
        "subprocess.check_output('echo y', shell=True, text=True)",
        "subprocess.run(['sh', '-c', 'exit 4']).returncode",
    ),
    "inherited descriptors": _case(
        "import subprocess, time\nprint(1)\n_ = subprocess.run(['echo', '2'])\ntime.sleep(0.3)\nprint(3)",
        "import os\n_ = os.system('echo 4')\ntime.sleep(0.3)",
        "_ = os.write(1, b'raw\\n')\ntime.sleep(0.3)",
        "_ = os.write(2, b'raw err\\n')\ntime.sleep(0.3)",
    ),
    "threads": _case(
        "import threading\ndef say(n): print('from', n)\n"
        "for n in range(3):\n    t = threading.Thread(target=say, args=(n,)); t.start(); t.join()",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(3) as pool:\n    print(sorted(pool.map(lambda n: n * n, range(5))))",
        "threading.current_thread() is threading.main_thread()",
    ),
    "processes": _case(
        "import multiprocessing as mp\nctx = mp.get_context('fork')\n"
        "with ctx.Pool(2) as pool:\n    print(pool.map(abs, [-1, -2, 3]))",
        "def child(): print('from a child', flush=True)\np = ctx.Process(target=child); p.start(); p.join(); p.exitcode",
        "with mp.get_context('spawn').Pool(1) as pool:\n    print(pool.map(abs, [-4]))",
        "with mp.get_context('forkserver').Pool(1) as pool:\n    print(pool.map(abs, [-5]))",
    ),
    "warnings": _case(
        "import warnings\nwarnings.warn('careful')",
        "warnings.warn('old', DeprecationWarning)",
        "import logging\nlogging.warning('logged')\nlogging.getLogger('a').error('b')",
        "import numpy as np\nnp.array([1]) / 0",
    ),
    "figures": _case(
        "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])",
        "fig, ax = plt.subplots()\nax.bar([1, 2], [3, 4]);",
        "fig",
        "plt.figure(); plt.plot([1]); plt.show(); print('after'); plt.figure(); plt.title('t');",
        "plt.rcParams['figure.figsize'], plt.get_backend()",
        "%config InlineBackend.figure_format = 'svg'\n1",
        "%matplotlib inline\nfrom IPython.display import display\nf = plt.figure(figsize=(1, 1))\nplt.close(f)\ndisplay(1)",
        "plt.style.use('ggplot')\nplt.hist([1, 1, 2], bins=2)[0]",
        Cell("plt.plot([1], [1, 2])", _RAISES),
    ),
    "frames": _case(
        "import pandas as pd, numpy as np\ndf = pd.DataFrame({'a': [1, 2], 'b': ['x', None]})\ndf",
        "df.style.format(precision=1).to_html(table_uuid='u')[:20]",
        "df.describe()",
        "df.info()",
        "pd.options.display.max_rows = 2\npd.DataFrame({'n': range(9)})",
        "np.arange(3), float('nan')",
        "np.random.seed(3); np.random.rand(2)",
        "df.groupby('b').sum()",
        Cell("df['missing']", _RAISES),
    ),
    "polars": _case(
        "import polars as pl\npl.DataFrame({'a': [1, 2]})", "pl.DataFrame({'a': [1, 2]}).select(pl.col('a').sum())"
    ),
    "progress bars": _case(
        "import sys\nfrom tqdm import tqdm\n"
        "for _ in tqdm(range(3), file=sys.stdout, bar_format='{n}/{total}', mininterval=0, miniters=1): pass",
        "from tqdm.auto import trange\ntrange.__module__, [n for n in trange(2, disable=True)]",
        "from tqdm.notebook import tqdm as nb\nfor _ in nb(range(2), bar_format='{n}/{total}'): pass",
    ),
    "widgets": _case(
        "import ipywidgets as w\nfrom IPython.display import display\ns = w.IntSlider(3)\ns",
        "s.value = 5\ns.value",
        "out = w.Output()\ndisplay(out)\nwith out:\n    print('captured'); display(7)",
        "w.VBox([w.Label('a'), w.HTML('<b>b</b>')])",
        "w.interact(lambda n: print('n is', n), n=(0, 4))",
        "s.observe(lambda c: print('now', c['new']), 'value')\ns.value = 9",
        "out.clear_output()\nwith out:\n    print('anew')",
        "len(w.Widget.widgets) > 3 if hasattr(w.Widget, 'widgets') else True",
    ),
    "many displays": _case("from IPython.display import display\nfor n in range(300): display(n)"),
    "hooks": _case(
        "def say(*_): print('hook')\nget_ipython().events.register('post_run_cell', say)\n1",
        "2",
        "get_ipython().events.unregister('post_run_cell', say)",
        "get_ipython().set_next_input('x')\nget_ipython().run_cell('5 + 5')\n1",
        "get_ipython().ast_node_interactivity = 'all'",
        "1\n2",
        "import sys\nsys.displayhook.__class__.__name__",
    ),
    "state of the process": _case(
        "import os, signal, threading, socket\nos.getpgid(0) == os.getpid() or os.getsid(0) == os.getpid()",
        "signal.getsignal(signal.SIGINT) is signal.default_int_handler, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL",
        "os.environ.get('MPLBACKEND'), os.environ.get('TERM'), os.environ.get('PAGER')",
        "os.getcwd() == os.path.realpath('.')",
        "import random\nrandom.random() != random.random()",
        "import gc\ngc.isenabled()",
        "import sys\nsys.flags.safe_path, sys.dont_write_bytecode, sys.getrecursionlimit()",
        "import time\ntime.tzname == time.tzname",
        "threading.current_thread().name",
    ),
    "deep recursion": _case(Cell("def f(): f()\nf()", _RAISES), "'alive'"),
    "large output": _case(
        "'x' * 2_000_000", "print('y' * 3_000_000)", "from IPython.display import HTML\nHTML('z' * 1_000_000)"
    ),
    "large source": _case("t = '''" + "s" * 300_000 + "'''\nlen(t)"),
    "surrogates and controls": _case(
        r"print('a\x1b[31mred\x1b[0m')", r"'\x00\x07'", r"print('a\rb')", r"'\ud800'.encode('utf-8', 'replace')"
    ),
    "not a number": _case(
        "from IPython.display import JSON, display\ndisplay({'application/json': {'a': 1.5}}, raw=True)",
        "float('nan'), float('inf')",
    ),
    "class and dataclass": _case(
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 1\nA()",
        "import typing\ntyping.get_type_hints(A)",
        "from enum import Enum\nclass C(Enum):\n    R = 1\nC.R",
    ),
}
"""Named notebooks."""

SMALL = ("values", "prints", "displays", "errors", "clearing", "await")
"""Those that are compared in every run of the tests."""
