"""One store, two users in processes with other hash seeds; and inputs that a body changes in place."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.kernels import LiveKernel, kernel

CELLS = [
    """
import dataclasses, enum, datetime
import numpy as np
import pandas as pd

class Colour(enum.Enum):
    RED = 1
    BLUE = 2

    def __str__(self):
        return self.name.lower()

@dataclasses.dataclass(order=True)
class Bag:
    names: set
    parts: dict

bag = Bag({"a", "b", "c", 1, None}, {"x": {1, 2}, "y": [Colour.RED, np.float32(1)], ("z", 1): frozenset("pq")})
zone = datetime.timezone(datetime.timedelta(hours=1), "home")
frame = pd.DataFrame({"a": pd.Categorical(["u", "v"]), "b": [{"k": 1}, {2, 3}]})
""",
    "%%task count(bag) -> total\ntotal = len(bag.names) + len(bag.parts)",
    "%%task look(frame, zone) -> seen\nseen = {str(kind) for kind in frame.dtypes}, zone.tzname(None)",
    "%%task again(seen, total, bag) -> last\nlast = {name: str(bag.parts['y'][0]) for name in seen[0]}, total",
    """%%task fit(total) -> model
from sklearn.neighbors import KNeighborsClassifier
model = KNeighborsClassifier(1).fit([[0.0], [1.0]], [0, total])
""",
    "%%task guess(model) -> guessed\nguessed = model.predict([[0.9]]).tolist()",
]


@pytest.mark.slow
def test_second_user_takes_every_result_of_the_first(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for user, seed in (("ana", "1"), ("ben", "4242")):
        folder = tmp_path / user
        folder.mkdir()
        with kernel(folder, store, TASKCELL_USER=user, PYTHONHASHSEED=seed) as live:
            for cell in CELLS:
                ran = live.run(cell)
                assert not ran.error, ran.traceback
                if cell.startswith("%%task"):
                    assert (" · cached · " in ran.report) == (user == "ben"), ran.report
                    assert user == "ana" or " by ana" in ran.report
            if user == "ben":
                shown = live.run("%why again")
                assert "ana" in str(shown.outputs)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveKernel]:
    folder = tmp_path_factory.mktemp("mutated")
    with kernel(folder, folder / "store") as found:
        assert not found.run("import numpy as np, pandas as pd\nfrom sklearn.tree import DecisionTreeClassifier").error
        yield found


CHANGES = {
    "cell of a frame": ("pd.DataFrame({'a': [1, 2]})", "x.iloc[0, 0] = 9"),
    "list": ("[1]", "x.append(2)"),
    "deep in a dict": ("{'a': {'b': [1]}}", "x['a']['b'].append(2)"),
    "view of an array": ("np.arange(4)", "x[::2][:] = 7"),
    "estimator": ("DecisionTreeClassifier(random_state=0)", "x.fit([[0], [1]], [0, 1])"),
    "generator": ("np.random.default_rng(1)", "x.random()"),
    "categories": ("pd.Series(['a', 'b'], dtype='category')", "x.array._codes[0] = 1"),
    "attrs of a frame": ("pd.DataFrame({'a': [1]})", "x.attrs['k'] = 1"),
}
_numbers = itertools.count()


@pytest.mark.parametrize(("value", "change"), CHANGES.values(), ids=CHANGES.keys())
def test_input_changed_in_place_is_named_and_poisons_nothing(live: LiveKernel, value: str, change: str) -> None:
    number = next(_numbers)
    name, task = f"x{number}", f"t{number}"
    cell = f"%%task {task}({name}) -> y{number}\n{change.replace('x', name, 1)}\ny{number} = repr({name})"
    assert not live.run(f"{name} = {value}").error
    first = live.run(cell)
    assert not first.error, first.traceback
    assert f"input {name} was changed in place" in str(first.outputs)
    assert " · cached" not in live.run(cell).report  # its value is another one now
    assert not live.run(f"{name} = {value}").error
    again = live.run(cell)
    assert " · cached" in again.report
    digest = "__import__('taskcell.hashing').hashing.digest_value"
    assert live.value(f"{digest}({name})") == live.value(
        f"{digest}({value})"
    )  # a hit leaves the notebook's object alone


@pytest.mark.parametrize(("value", "change"), CHANGES.values(), ids=CHANGES.keys())
def test_argument_changed_in_place_is_named_and_not_cached(live: LiveKernel, value: str, change: str) -> None:
    name = f"f{next(_numbers)}"
    source = f"import taskcell\n@taskcell.task\ndef {name}(x):\n    {change}\n    return repr(x)"
    assert not live.run(source).error
    ran = live.run(f"import warnings\nwith warnings.catch_warnings(record=True) as told:\n    {name}({value})")
    assert not ran.error, ran.traceback
    assert "changed its argument 'x' in place" in live.value("str(told[0].message)")
    assert live.value(f"{name}({value}) and {name}.last.cached") == "False"
