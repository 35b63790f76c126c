from __future__ import annotations

import pytest

from taskcell import errors
from taskcell.analysis import canonical, code_digest

SAME = [
    ("comment", "x = 1", "x = 1  # one"),
    ("comment line", "x = 1\ny = 2", "# head\nx = 1\n\n# between\ny = 2\n# tail"),
    ("blank lines", "x = 1\ny = 2", "\n\nx = 1\n\n\n\ny = 2\n\n"),
    ("spaces", "x=f(1,2)", "x  =  f( 1,  2 )"),
    ("redundant parentheses", "x = a + b", "x = (a + (b))"),
    ("grouping that changes nothing", "x = a + b + c", "x = (a + b) + c"),
    ("quotes", "x = 'a'", 'x = "a"'),
    ("triple quotes", "x = 'a'", "x = '''a'''"),
    ("escapes", "x = 'a\\n'", "x = '''a\n'''"),
    ("raw text without escapes", "x = 'a'", "x = r'a'"),
    ("unicode prefix", "x = u'a'", "x = 'a'"),
    ("implicit concatenation", "x = 'ab'", "x = 'a' 'b'"),
    ("backslash continuation", "x = a + b", "x = a + \\\n    b"),
    ("line break in parentheses", "f(a, b)", "f(\n    a,\n    b,\n)"),
    ("indentation width", "if a:\n  b()", "if a:\n        b()"),
    ("tabs", "if a:\n    b()", "if a:\n\tb()"),
    ("semicolon between statements", "a = 1\nb = 2", "a = 1; b = 2"),
    ("semicolon after an assignment", "a = 1", "a = 1;"),
    ("one-line body", "if a: b()", "if a:\n    b()"),
    ("number notation", "x = 1000", "x = 1_000"),
    ("hexadecimal", "x = 255", "x = 0xFF"),
    ("float notation", "x = 0.5", "x = 5e-1"),
    ("not equal", "a != b", "a != (b)"),
    ("elif and nested if", "if a:\n  x()\nelif b:\n  y()", "if a:\n  x()\nelse:\n  if b:\n    y()"),
    ("tuple parentheses", "x = 1, 2", "x = (1, 2)"),
    ("trailing comma", "x = [1, 2]", "x = [1, 2,]"),
    ("windows line ends", "a = 1\nb = 2\n", "a = 1\r\nb = 2\r\n"),
    ("trailing white space", "a = 1\nb = 2", "a = 1   \nb = 2   "),
    ("normal form of identifiers", "\ufb01n = 1", "fin = 1"),
    ("f-string pieces", "f'{a}b{c}'", "f'{a}' 'b' f'{c}'"),
    ("f-string quotes", "f'{a}'", 'f"{a}"'),
    ("our header", "x = 1", "%%task train(df) -> x --retries 3\nx = 1"),
    ("our header's options", "%%task a --retries 1\nx = 1", "%%task b(c) -> x --memory 2Gi\nx = 1"),
    ("our comment header", "x = 1", "# %task train(df) -> x\nx = 1"),
    ("comment beside a magic", "!ls\nx = 1", "!ls\n# note\nx = 1"),
    ("comment in a timed body", "%%time\nx = 1", "%%time\n# note\nx  =  1"),
    ("comment above a function", "def f():\n    return 1", "# f\ndef f():  # g\n    # h\n    return 1"),
    ("blank lines before a cell magic", "%%time\nx = 1", "\n\n%%time\nx = 1"),
    ("decorator spacing", "@d\ndef f(): pass", "@ d\n\ndef f():\n    pass"),
    ("lambda spacing", "f = lambda x : x", "f = (lambda x: x)"),
    ("indented cell", "x = 1\ny = 2", "    x = 1\n    y = 2"),
]

DIFFERENT = [
    ("int and float", "x = 1", "x = 1.0"),
    ("int and bool", "x = 1", "x = True"),
    ("zero and false", "x = 0", "x = False"),
    ("minus zero", "x = 0.0", "x = -0.0"),
    ("text and bytes", "x = 'a'", "x = b'a'"),
    ("text and number", "x = '1'", "x = 1"),
    ("none and text", "x = None", "x = 'None'"),
    ("ellipsis and text", "x = ...", "x = 'Ellipsis'"),
    ("complex and float", "x = 1j", "x = 1.0"),
    ("infinity and largest", "x = 1e999", "x = 1.7976931348623157e308"),
    (
        "nearby floats",
        "x = 0.1",
        "x = 0.1000000000000000055511151231257827021181583404541015625001"[:12] + "1",
    ),
    ("big ints", f"x = {10**50}", f"x = {10**50 + 1}"),
    ("order of operands", "x = a - b", "x = b - a"),
    ("order of statements", "a()\nb()", "b()\na()"),
    ("operator", "x = a + b", "x = a - b"),
    ("grouping", "x = a - b - c", "x = a - (b - c)"),
    ("name", "x = a", "x = b"),
    ("attribute", "x = a.b", "x = a.c"),
    ("keyword and positional", "f(a)", "f(a=a)"),
    ("default", "def f(x=1): pass", "def f(x=2): pass"),
    ("annotation", "x: int = 1", "x: float = 1"),
    ("return annotation", "def f() -> int: ...", "def f() -> str: ..."),
    ("docstring", "def f():\n    'a'", "def f():\n    'b'"),
    ("docstring's white space", "def f():\n    'a b'", "def f():\n    'a  b'"),
    ("decorator", "@a\ndef f(): pass", "@b\ndef f(): pass"),
    ("decorator order", "@a\n@b\ndef f(): pass", "@b\n@a\ndef f(): pass"),
    ("async", "async def f(): pass", "def f(): pass"),
    ("tuple and list", "x = (1, 2)", "x = [1, 2]"),
    ("tuple and number", "x = (1,)", "x = (1)"),
    ("set and dict", "x = {1}", "x = {1: 1}"),
    ("order of a dict", "x = {1: 1, 2: 2}", "x = {2: 2, 1: 1}"),
    ("text in a list", "x = ['a', 'b']", "x = ['ab']"),
    ("pieces that run into each other", "f('a', 'bc')", "f('ab', 'c')"),
    ("empty list argument", "f([])", "f()"),
    ("none argument", "f(None)", "f()"),
    ("none default", "def f(x): pass", "def f(x=None): pass"),
    ("return value", "def f(): return", "def f(): return None, "),
    ("f-string conversion", "f'{a!r}'", "f'{a!s}'"),
    ("f-string format", "f'{a:.2f}'", "f'{a:.3f}'"),
    ("f-string and text", "f'{a}'", "'{a}'"),
    ("semicolon that hides the value", "df", "df;"),
    ("walrus and assignment", "(x := 1)", "x = 1"),
    ("is and equals", "a is b", "a == b"),
    ("in and not in", "a in b", "a not in b"),
    ("import alias", "import a as b", "import a"),
    ("import level", "from . import a", "from .. import a"),
    ("import order", "import a, b", "import b, a"),
    ("except type", "try: f()\nexcept A: pass", "try: f()\nexcept B: pass"),
    ("except star", "try: f()\nexcept A: pass", "try: f()\nexcept* A: pass"),
    ("else branch", "for x in y: pass", "for x in y: pass\nelse: z()"),
    ("nested deeper", "if a:\n  b()\n  c()", "if a:\n  b()\nc()"),
    ("slice step", "x[::1]", "x[::]"),
    ("slice and index", "x[1:]", "x[1]"),
    ("positional only", "def f(a, /, b): pass", "def f(a, b): pass"),
    ("keyword only", "def f(*, a): pass", "def f(a): pass"),
    ("star argument", "f(*a)", "f(a)"),
    ("global declaration", "def f():\n  global x\n  x = 1", "def f():\n  x = 1"),
    ("shell line", "!ls a", "!ls b"),
    ("shell spacing", "!echo a  b", "!echo a b"),
    ("magic line", "%time x = 1", "%time x = 2"),
    ("magic or none", "%time x = 1", "x = 1"),
    ("cell magic", "%%time\nx = 1", "%%capture\nx = 1"),
    ("cell magic's line", "%%capture a\nx = 1", "%%capture b\nx = 1"),
    ("script body", "%%bash\nls", "%%bash\nls # all"),
    ("nothing and pass", "", "pass"),
    ("yield and yield from", "def f(): yield a", "def f(): yield from a"),
    ("await", "async def f(): await a", "async def f(): a"),
    ("matched pattern", "match a:\n  case 1: pass", "match a:\n  case 2: pass"),
    ("matched literal type", "match a:\n  case True: pass", "match a:\n  case 1: pass"),
    ("lambda and function", "f = lambda: 1", "def f(): return 1"),
    ("augmented", "x += 1", "x = x + 1"),
    ("comprehension kind", "x = [a for a in b]", "x = (a for a in b)"),
    ("text that looks like the dump", "x = '<s1:a>'", "x = 'a'"),
]


@pytest.mark.parametrize(("left", "right"), [case[1:] for case in SAME], ids=[case[0] for case in SAME])
def test_edit_without_meaning_keeps_digest(left: str, right: str) -> None:
    assert canonical(left) == canonical(right)
    assert code_digest(left) == code_digest(right)


@pytest.mark.parametrize(("left", "right"), [case[1:] for case in DIFFERENT], ids=[c[0] for c in DIFFERENT])
def test_edit_with_meaning_changes_digest(left: str, right: str) -> None:
    assert canonical(left) != canonical(right)
    assert code_digest(left) != code_digest(right)


GOLDEN = {
    "x = 1": "c95379f2ae11fbfd",
    "def f(a, *b: int, c=-0.0, **d) -> str:\n    'doc'\n    return f'{a!r:>{c}}{b}' 'x'": "18db6f03e9bcca9f",
    "class A(B, metaclass=C):\n    x: int = 1\n    async def m(self): await self": "ecb4836213438f34",
    "try:\n    import a.b as c\nexcept* (D, E) as e:\n    raise\nelse:\n    pass\nfinally:\n    del c": "998ce1f056445559",
    "match x:\n    case {'a': [1, *_], **r} if r: pass\n    case A(b=1j) | None: pass": "9ac79c6481d6e345",
    "%time x = [y for y in z if y]\n!ls {x}\ndef f(a): return a": "5be5271ce3eefda4",
    "%%capture out\nx = 1j + 1e999;": "0397eef71e9f5327",
}


def test_no_digest_depends_on_python() -> None:
    """Golden digests: the same on every Python, and in every release."""
    assert {source: code_digest(source)[:16] for source in GOLDEN} == GOLDEN


def test_invalid_code_is_refused_with_its_line() -> None:
    with pytest.raises(errors.DefinitionError, match="line 2"):
        code_digest("x = 1\ny = (")


def test_line_of_a_task_cell_counts_from_its_first_line() -> None:
    with pytest.raises(errors.DefinitionError, match="line 4"):
        code_digest("\n%%task a\nx = 1\ny = = 2")
