"""Same meaning, same key: in other processes, in a real kernel, launched. And what leaves no result behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.integration import kernels, key_ways
from tests.integration.run_world import World, package_path

from taskcell.cache import results
from taskcell.hashing import Digest

PARAMS = "%%params\nrate: float = 0.5\nnames: list[str] = ['b', 'a']"
PLAIN = """\
import math
from dataclasses import dataclass
import local

LEVELS = frozenset({'low', 'high', 'middle'})
TABLE = {'up': lambda a: a + len(LEVELS), 'down': math.floor}

@dataclass
class Row:
    name: str
    value: float = 1.0

def scaled(value, by=2):
    return local.twice(TABLE['up'](value)) * by

for_later = {Row('a').name, *LEVELS}
"""
TASK = "%%task made(rate, names, for_later) -> rows\nrows = [scaled(rate), sorted(names), sorted(for_later), Row('b').value]"
NEXT = "%%task told(rows) -> text\ntext = f'{rows}'"
CELLS = (PARAMS, PLAIN, TASK, NEXT)
FUNCTION = f"import taskcell\n{PLAIN}\n@taskcell.task\ndef f(a, b=None):\n    return [scaled(a), b]\n"
CALL = "f(0.5, {'x', 'y', 'z'})"
LOCAL = "def twice(a):\n    return 2 * a\n"

OTHER_PROCESS = """
import json, sys
from pathlib import Path
from tests.integration import key_ways
cells, function, call, folder = json.loads(sys.stdin.read())
folder = Path(folder)
found = key_ways.in_kernel(cells, key_ways.new_store(folder), folder)
print(json.dumps([found, key_ways.of_call(function, call, folder)]))
"""


def in_process(folder: Path, **environ: str) -> Any:
    folder.mkdir(parents=True)
    (folder / "local.py").write_text(LOCAL)
    root = str(Path(package_path()).parent)
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS],
        input=json.dumps([CELLS, FUNCTION, CALL, str(folder)]),
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "TASKCELL_STORE": str(folder / "calls"),
            "PYTHONPATH": f"{package_path()}:{root}",
            **environ,
        },
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_hash_seed_folder_user_and_locale_do_not_count(tmp_path: Path) -> None:
    one = in_process(tmp_path / "one", PYTHONHASHSEED="1", USER="ana", TZ="UTC")
    other = in_process(tmp_path / "deep" / "other place", PYTHONHASHSEED="77", USER="ben", TZ="Asia/Tokyo", LC_ALL="C")
    assert one == other


def test_real_kernel_gives_the_keys_of_the_pairs(tmp_path: Path) -> None:
    (tmp_path / "local.py").write_text(LOCAL)
    expected = key_ways.in_kernel(CELLS, key_ways.new_store(tmp_path), tmp_path)
    live = kernels.LiveKernel(tmp_path, store=tmp_path / "live").load()
    try:
        for number in (0, 1, 2, 3, 2, 3, 1, 2, 3):
            ran = live.run(CELLS[number], cell_id=f"c{number}")
            assert not ran.error, ran.traceback
        look = {name: f"__import__('taskcell').outcome({name!r}).key" for name in ("made", "told")}
        found = live.run("import taskcell", look_at=look).values
    finally:
        live.stop()
    assert {name: text.strip("'") for name, text in found.items()} == {name: expected[name][""] for name in look}


def test_script_and_module_have_the_same_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKCELL_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "local.py").write_text(LOCAL)
    imported = key_ways.of_call(FUNCTION, CALL, tmp_path)
    script = tmp_path / "script.py"
    script.write_text(f"{FUNCTION}\nif __name__ == '__main__':\n    {CALL}\n    print(f.last.key, f.last.cached)\n")
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": package_path()},
        timeout=100,
    )
    assert done.stdout.split() == [imported[""], "True"]


def test_upstream_that_comes_to_an_equal_value_leaves_the_rest_cached_in_a_launched_run(tmp_path: Path) -> None:
    world = World(tmp_path)
    params, rest = "%%params\nn: int = 3", "%%task third(b) -> c\nc = b + 1"
    world.write(params, "%%task first(n) -> a\na = n + 1", "%%task second(a) -> b\nb = a * 2", rest)
    first = world.run()
    world.write(params, "%%task first(n) -> a\na = 1 + n", "%%task second(a) -> b\nb = a * 2", rest)
    again = world.run()
    assert set(first.tasks) == {"first", "second", "third"}
    assert {name: task.cached for name, task in again.tasks.items()} == {"first": False, "second": True, "third": True}


def test_body_that_fails_leaves_no_result(tmp_path: Path) -> None:
    where = key_ways.new_store(tmp_path)
    with pytest.raises(ZeroDivisionError):
        key_ways.in_kernel(["%%task t -> y\ny = 1 / 0"], where, tmp_path)
    assert not list(where.project_files.list("cache"))


def test_module_edited_after_it_was_loaded_is_not_what_a_result_is_kept_under(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "local.py").write_text(LOCAL)
    where = key_ways.new_store(tmp_path)
    edit = "import pathlib\npathlib.Path('local.py').write_text('def twice(a):\\n    return 3 * a\\n')"
    cells = ["import local", "%%task one -> y\ny = local.twice(1)", edit, "%%task two -> z\nz = local.twice(1)"]
    found = key_ways.in_kernel(cells, where, tmp_path)
    assert found["one"]["module:local"] != found["two"]["module:local"]
    assert results.Results(where).find(Digest(found["one"][""])) is not None
    assert results.Results(where).find(Digest(found["two"][""])) is None


def test_module_that_was_changed_in_a_way_that_cannot_be_repeated_has_no_key(tmp_path: Path) -> None:
    where = key_ways.new_store(tmp_path)
    cells = ["import colorsys\ncolorsys.N = 1", "colorsys.N += 1"]
    direct = key_ways.in_kernel([*cells, "%%task t -> y\ny = colorsys.N"], where, tmp_path)
    through = key_ways.in_kernel([*cells, "def f(): return colorsys.N", "%%task t -> y\ny = f()"], where, tmp_path)
    assert direct == through == {"t": {}}


def test_setting_is_made_again_in_a_launched_run(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("import os", "os.environ['PAIR_SETTING'] = 'made'", "%%task t -> y\ny = os.environ['PAIR_SETTING']")
    assert world.run().result("y") == "made"
