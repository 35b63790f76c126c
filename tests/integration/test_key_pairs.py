"""Pairs of edits through the real ways to a key: a kernel's cells, a saved notebook, functions that are called."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from tests.integration import key_pairs, key_ways
from tests.integration.key_pairs import Call, Cells, Files, Pair

from taskcell import errors
from taskcell.store.opening import Store

P = TypeVar("P", Pair, Cells, Files, Call)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:judged")


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("pairs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TASKCELL_STORE", str(folder / "store"))
        patch.setattr("sys.dont_write_bytecode", True)
        yield key_ways.new_store(folder)


def cases(same: Iterable[P], other: Iterable[P]) -> pytest.MarkDecorator:
    listed = [(pair, True) for pair in same] + [(pair, False) for pair in other]
    names = [f"{pair.name} {'same' if verdict else 'other'}" for pair, verdict in listed]
    return pytest.mark.parametrize(("pair", "same"), listed, ids=names)


class Judge:
    """Compares the keys of two editions in each way, and the ways with one another."""

    def __init__(self, where: Store, folder: Path) -> None:
        self._where = where
        self._folder = folder

    def editions(self, before: Iterable[str], after: Iterable[str], same: bool, *, file: bool = True) -> None:
        in_kernel = [self.in_kernel(cells) for cells in (before, after)]
        self._verdict("kernel", *in_kernel, same)
        if file:
            of_file = [self._of_file(tuple(cells), self._new()) for cells in (before, after)]
            self.of_files(in_kernel, of_file, same)

    def folders(self, pair: Files, same: bool) -> None:
        in_kernel, of_file = [], []
        for files in (pair.before, pair.after):
            folder = self._new()
            for name, text in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8", newline="")
            in_kernel.append(self._in_kernel(pair.cells, folder))
            of_file.append(self._of_file(pair.cells, folder))
        self._verdict("kernel", *in_kernel, same)
        self.of_files(in_kernel, of_file, same)

    def of_files(self, in_kernel: list[key_ways.Parts], of_file: list[key_ways.Parts | None], same: bool) -> None:
        """A file says the same as the kernel, or refuses what only a kernel knows."""
        for live, saved in zip(in_kernel, of_file, strict=True):
            assert saved is None or saved == live, "a kernel and a file have different keys"
        if None not in of_file:
            self._verdict("file", *(each for each in of_file if each is not None), same)

    def calls(self, before: str, after: str, first: str, second: str, same: bool) -> None:
        self._verdict("call", self.of_call(before, first), self.of_call(after, second), same)

    def loses_its_key(self, editions: list[key_ways.Parts]) -> None:
        """The first edition is cached, and the second isn't."""
        assert [bool(each.get("")) for each in editions] == [True, False]

    def in_kernel(self, cells: Iterable[str]) -> key_ways.Parts:
        return self._in_kernel(tuple(cells), self._new())

    def of_call(self, text: str, call: str) -> key_ways.Parts:
        return key_ways.of_call(text, call, self._new())

    def _new(self) -> Path:
        folder = self._folder / str(len(list(self._folder.iterdir())))
        folder.mkdir()
        return folder

    def _in_kernel(self, cells: tuple[str, ...], folder: Path) -> key_ways.Parts:
        return list(key_ways.in_kernel(cells, self._where, folder).values())[-1]

    def _of_file(self, cells: tuple[str, ...], folder: Path) -> key_ways.Parts | None:
        try:
            return key_ways.of_file(cells, self._where, folder)
        except errors.DefinitionError as exc:
            if "only in a kernel" in str(exc):
                return None
            raise

    def _verdict(self, way: str, before: key_ways.Parts, after: key_ways.Parts, same: bool) -> None:
        assert before[""], f"{way}: no key"
        assert after[""], f"{way}: no key"
        changed = sorted(name for name in {*before, *after} if name and before.get(name) != after.get(name))
        assert (before[""] == after[""]) is same, f"{way}: changed parts are {changed}"
        assert bool(changed) is not same, f"{way}: a key changes if and only if a named part does"


@pytest.fixture
def judge(where: Store, tmp_path: Path) -> Judge:
    return Judge(where, tmp_path)


def body_cells(body: str) -> list[str]:
    return ["%%params\nx: int = 2", f"%%task t -> y\n{body}"]


def body_module(body: str) -> str:
    return f"import taskcell\n@taskcell.task\ndef f(x):\n{textwrap.indent(body, '    ')}\n    return y\n"


def helper_cells(helpers: str) -> list[str]:
    return ["%%params\nx: int = 2", helpers, "%%task t(x) -> y\ny = f(x)"]


def helper_module(helpers: str) -> str:
    future = "from __future__ import annotations\n"
    head, rest = (future, helpers[len(future) :]) if helpers.startswith(future) else ("", helpers)
    renamed = rest.replace("def f(", "def _f(").replace("f.__doc__", "_f.__doc__")
    return f"{head}import taskcell\n{renamed}\n@taskcell.task\ndef f(x):\n    return _f(x)\n"


@cases(key_pairs.SAME_BODIES, key_pairs.OTHER_BODIES)
def test_key_follows_the_meaning_of_a_body(judge: Judge, pair: Pair, same: bool) -> None:
    judge.editions(body_cells(pair.before), body_cells(pair.after), same)
    judge.calls(body_module(pair.before), body_module(pair.after), "f(2)", "f(2)", same)


@cases(key_pairs.SAME_HELPERS, key_pairs.OTHER_HELPERS)
def test_key_follows_what_a_task_reaches(judge: Judge, pair: Pair, same: bool) -> None:
    judge.editions(helper_cells(pair.before), helper_cells(pair.after), same)
    judge.calls(helper_module(pair.before), helper_module(pair.after), "f(2)", "f(2)", same)


@cases(key_pairs.SAME_CELLS, key_pairs.OTHER_CELLS)
def test_key_follows_the_notebook(judge: Judge, pair: Cells, same: bool) -> None:
    judge.editions(pair.before, pair.after, same)


@cases(key_pairs.SAME_FILES, key_pairs.OTHER_FILES)
def test_key_follows_the_modules_beside_a_notebook(judge: Judge, pair: Files, same: bool) -> None:
    judge.folders(pair, same)


@cases(key_pairs.SAME_CALLS, key_pairs.OTHER_CALLS)
def test_key_follows_a_function_and_its_arguments(judge: Judge, pair: Call, same: bool) -> None:
    judge.calls(pair.before, pair.after, pair.first, pair.second, same)


@cases((), key_pairs.KERNEL_HELPERS)
def test_value_changed_where_no_text_says_it_counts_in_a_kernel(judge: Judge, pair: Pair, same: bool) -> None:
    judge.editions(helper_cells(pair.before), helper_cells(pair.after), same, file=False)
    judge.calls(helper_module(pair.before), helper_module(pair.after), "f(2)", "f(2)", same)


@cases((), key_pairs.KERNEL_CELLS)
def test_cell_that_only_a_kernel_can_judge(judge: Judge, pair: Cells, same: bool) -> None:
    judge.editions(pair.before, pair.after, same, file=False)


@cases(key_pairs.EQUAL_HELPERS, ())
def test_equal_values_are_one_value(judge: Judge, pair: Pair, same: bool) -> None:
    judge.editions(helper_cells(pair.before), helper_cells(pair.after), same, file=False)


@pytest.mark.parametrize("pair", key_pairs.REFUSED_BODIES, ids=lambda pair: pair.name)
def test_what_cannot_be_known_is_refused(tmp_path: Path, where: Store, pair: Pair) -> None:
    for body in (pair.before, pair.after):
        with pytest.raises(errors.DefinitionError):
            key_ways.in_kernel(body_cells(body), where, tmp_path)
        if "import *" not in body:  # which Python refuses inside a function
            with pytest.raises(errors.DefinitionError):
                key_ways.of_call(body_module(body), "f(2)", tmp_path)


@pytest.mark.parametrize("pair", key_pairs.UNKEYED_CELLS, ids=lambda pair: pair.name)
def test_cell_that_reaches_state_without_a_text_is_not_cached(judge: Judge, pair: Cells) -> None:
    judge.loses_its_key([judge.in_kernel(cells) for cells in (pair.before, pair.after)])


@pytest.mark.parametrize("pair", key_pairs.UNKEYED_CALLS, ids=lambda pair: pair.name)
def test_call_that_reaches_state_without_a_text_is_not_cached(judge: Judge, pair: Call) -> None:
    judge.loses_its_key([judge.of_call(pair.before, pair.first), judge.of_call(pair.after, pair.second)])


@pytest.mark.parametrize("pair", key_pairs.LIMIT_CALLS, ids=lambda pair: pair.name)
def test_limit_of_functions_is_still_one(judge: Judge, pair: Call) -> None:
    judge.calls(pair.before, pair.after, pair.first, pair.second, True)
