from __future__ import annotations

import sys

import pytest

from taskcell.analysis import Definition, code_digest, definitions, extend_scope
from taskcell.model.tasks import CaptureKind

IMPORT, FUNCTION, CLASS = CaptureKind.IMPORT, CaptureKind.FUNCTION, CaptureKind.CLASS
CONSTANT, VALUE = CaptureKind.CONSTANT, CaptureKind.VALUE


def only(source: str) -> Definition:
    (definition,) = definitions(source)
    return definition


def scope_of(*cells: str) -> dict[str, Definition]:
    scope: dict[str, Definition] = {}
    for number, cell in enumerate(cells, start=1):
        scope = extend_scope(scope, cell, label=f"cell {number}")
    return scope


CONSTANTS = [
    "X = 1",
    "X = -1.5e3",
    "X = 'a' 'b'",
    "X = [1, 2, {'a': (3, None)}]",
    "X: int = 2 ** 10",
    "X = A + B * 2",
    "X = f'{A}-{B:>3}'",
    "X = A if B else C",
    "X = [a * 2 for a in A if a]",
    "X = {k: v for k, v in zip(A, B)}",
    "X = np.pi * 2",
    "X = math.inf",
    "X = Color.RED",
    "X = COLUMNS[0]",
    "X = len(COLUMNS) + max(1, 2)",
    "X = sorted({3, 1})",
    "X = Path('data') / 'raw'",
    "X = pathlib.Path('a')",
    "X = re.compile(r'\\d+')",
    "X = datetime.date(2020, 1, 1)",
    "X = timedelta(days=1)",
    "X = Decimal('1.1')",
    "X = namedtuple('P', 'x y')",
    "X = logging.getLogger('a')",
    "X = os.path.join(A, 'b')",
    "X = np.array([1, 2])",
    "X = np.linspace(0, 1, 5)",
    "X = pd.Timestamp('2020-01-01')",
    "X = defaultdict(list)",
    "X = 'a b c'.split()",
    "X = {'square': lambda x: x * x}",
    "X = sum(a for a in A)",
]

VALUES = [
    "X = load()",
    "X = df.mean()",
    "X = np.random.rand(3)",
    "X = open('f')",
    "X = datetime.now()",
    "X = date.today()",
    "X = time()",
    "X = pd.Timestamp('now')",
    "X = os.environ['HOME']",
    "X = os.getcwd()",
    "X = Path.home()",
    "X = Path('a').read_text()",
    "X = [f(a) for a in A]",
    "X = list({'a', 'b'})",
    "X = [a for a in {'a', 'b'}]",
    "X = zip(A, B)",
    "X = map(str, A)",
    "X = list(map(f, A))",
    "X = max(A, key=f)",
    "X = (a for a in A)",
    "X = random.random()",
    "X = await g()",
    "X += 1",
    "X = !ls",
    "for X in [1, 2]: pass",
    "with A() as X: pass",
    "(X := 1)",
    "import X\nX.y += 1",
    "X = []\nX.append(1)",
    "X = {}\nX['a'] = 1",
    "X = 1\nX += 1",
    "X = 1\ndel X\nX = f()",
]


@pytest.mark.parametrize("source", CONSTANTS)
def test_pure_assignment_is_a_constant(source: str) -> None:
    definition = only(source)
    assert (definition.name, definition.kind, definition.source) == ("X", CONSTANT, source)
    assert definition.digest == code_digest(source)


@pytest.mark.parametrize("source", VALUES)
def test_anything_else_is_a_value(source: str) -> None:
    found = {each.name: each.kind for each in definitions(source)}
    assert found["X"] is VALUE


def test_import_of_several_names_is_taken_apart() -> None:
    found = {each.name: (each.kind, each.source) for each in definitions("from a import b, c as d\nimport e, f.g as h")}
    assert found == {
        "b": (IMPORT, "from a import b"),
        "d": (IMPORT, "from a import c as d"),
        "e": (IMPORT, "import e"),
        "h": (IMPORT, "import f.g as h"),
    }


def test_imports_of_submodules_add_up() -> None:
    scope = scope_of("import xml.dom", "import xml.sax", "import xml.dom")
    assert scope["xml"].source == "import xml.dom\nimport xml.sax"


def test_function_keeps_its_text_with_decorators() -> None:
    source = "@cache  # fast\n@retry(3)\ndef f(x,\n      y=1):\n    '''doc'''\n    return x"
    _, definition = definitions(f"a = 1\n{source}\n")
    assert (definition.kind, definition.source, definition.line) == (FUNCTION, source, 2)
    assert definition.reads == {"cache", "retry"}
    assert definition.eager == {"cache", "retry"}


def test_lambda_is_a_function() -> None:
    definition = only("f = lambda x: x * rate")
    assert (definition.kind, definition.reads, definition.eager) == (FUNCTION, {"rate"}, frozenset())


def test_class_reads_its_bases_at_once() -> None:
    definition = only("class A(Base):\n    x = start\n    def m(self): return helper(self)")
    assert (definition.kind, definition.reads, definition.eager) == (
        CLASS,
        {"Base", "start", "helper"},
        {"Base", "start"},
    )


def test_statements_on_one_line_keep_their_own_text() -> None:
    found = {each.name: each.source for each in definitions("é = 'ü'; b = 2; c = '''x\n  y'''; d = 4")}
    assert found == {"é": "é = 'ü'", "b": "b = 2", "c": "c = '''x\n  y'''", "d": "d = 4"}


def test_optional_import_is_one_statement() -> None:
    source = "try:\n    import torch\n    HAS_TORCH = True\nexcept ImportError:\n    torch = HAS_TORCH = None"
    found = {each.name: (each.kind, each.source, each.optional) for each in definitions(source)}
    assert found == {"torch": (IMPORT, source, True), "HAS_TORCH": (IMPORT, source, True)}


def test_imports_for_type_checking_are_imports() -> None:
    source = "if TYPE_CHECKING:\n    from a import B"
    definition = only(source)
    assert (definition.kind, definition.source, definition.reads) == (IMPORT, source, {"TYPE_CHECKING"})


def test_function_in_an_unpredictable_branch_keeps_its_own_text() -> None:
    found = {
        each.name: (each.kind, each.source) for each in definitions("if ask():\n    def f(): return 1\n    y = g()")
    }
    assert found["f"] == (FUNCTION, "def f():\n    return 1")
    assert found["y"][0] is VALUE


def test_constant_of_a_plain_condition_is_a_constant() -> None:
    source = "if DEBUG:\n    N = 1\nelse:\n    N = 2"
    assert (only(source).kind, only(source).source) == (CONSTANT, source)


def test_loop_binds_values() -> None:
    assert {each.name: each.kind for each in definitions("for r in rows:\n    last = r")} == {
        "r": VALUE,
        "last": VALUE,
    }


def test_last_binding_counts() -> None:
    assert only("def X(): pass\nX = 2").kind is CONSTANT


def test_constant_made_from_a_name_that_changes_is_a_value() -> None:
    found = {each.name: each.kind for each in definitions("a = 1\nb = a\na = 2")}
    assert found == {"b": VALUE, "a": CONSTANT}


def test_name_changed_by_a_function_of_the_cell_is_a_value() -> None:
    found = {each.name: each.kind for each in definitions("log = []\ndef note(x):\n    log.append(x)\nnote(1)")}
    assert found == {"log": VALUE, "note": FUNCTION}


def test_function_says_what_it_changes() -> None:
    definition = only("def note(x):\n    global count\n    count = 1\n    log.append(x)")
    assert definition.effects == {"count", "log"}


def test_body_of_a_timed_cell_is_top_level() -> None:
    found = {each.name: (each.kind, each.source, each.line) for each in definitions("%%time\nN = 2\ny = f(N)")}
    assert found == {"N": (CONSTANT, "N = 2", 2), "y": (VALUE, "y = f(N)", 3)}


def test_captured_output_is_a_value() -> None:
    assert {each.name: each.kind for each in definitions("%%capture out\nN = 2")} == {
        "N": CONSTANT,
        "out": VALUE,
    }


def test_text_of_a_cell_with_shell_lines_is_the_users() -> None:
    found = {each.name: each.source for each in definitions("!ls \\\n  -l\nN = 2\ndef f():\n    !pwd\n    return N\n")}
    assert found == {"N": "N = 2", "f": "def f():\n    !pwd\n    return N"}


def test_parallel_assignment_is_taken_apart() -> None:
    found = {each.name: (each.kind, each.source) for each in definitions("A, B = 1, [2]")}
    assert found == {"A": (CONSTANT, "A = 1"), "B": (CONSTANT, "B = [2]")}
    assert {each.source for each in definitions("A, B = B, A")} == {"A, B = B, A"}


def test_code_with_unread_annotations_needs_the_future_import() -> None:
    scope = scope_of("from __future__ import annotations", "def f(x: Later): return x", "def g(x): return x")
    assert scope["f"].reads == {"annotations"}
    assert scope["g"].reads == frozenset()


def test_indented_cell_gives_text_that_runs() -> None:
    assert [each.source for each in definitions("    A = 1\n    def f():\n        return A\n")] == [
        "A = 1",
        "def f():\n    return A",
    ]


def test_star_import_stands_as_star() -> None:
    definition = only("from math import *")
    assert definition.name == "*"
    assert definition.opaque is not None


def test_deleted_name_is_not_defined() -> None:
    assert [each.name for each in definitions("tmp = 1\ny = tmp\ndel tmp")] == ["y"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
def test_type_alias_is_a_constant() -> None:
    assert only("type Pair = tuple[int, Other]").kind is CONSTANT


def test_constant_computed_before_a_rebinding_becomes_a_value() -> None:
    scope = scope_of("A = 1", "B = A + 1", "A = 2")
    assert (scope["A"].kind, scope["B"].kind) == (CONSTANT, VALUE)


def test_function_sees_the_new_constant() -> None:
    scope = scope_of("A = 1", "def f(): return A", "A = 2")
    assert (scope["f"].kind, scope["A"].source) == (FUNCTION, "A = 2")


def test_default_computed_before_a_rebinding_makes_a_value() -> None:
    assert scope_of("A = 1", "def f(x=A): return x", "A = 2")["f"].kind is VALUE


def test_running_a_cell_again_changes_nothing() -> None:
    once = scope_of("A = 1", "B = A + 1")
    again = extend_scope(once, "A = 1", label="cell 1")
    assert again == once


def test_constant_changed_by_a_later_cell_is_a_value() -> None:
    assert scope_of("X = []", "X.append(1)")["X"].kind is VALUE
    assert scope_of("X = []", "for v in vs: X.append(v)")["X"].kind is VALUE
    assert scope_of("X = {}", "def put(k): X[k] = 1", "put(1)")["X"].kind is VALUE


def test_function_that_only_could_change_a_constant_does_not() -> None:
    assert scope_of("X = {}", "def put(k): X[k] = 1")["X"].kind is CONSTANT


def test_deleted_definition_is_gone() -> None:
    assert "A" not in scope_of("A = 1", "del A")
