"""Pairs of edits, each with the verdict that the promises demand: the key must stay, or it must change.

Written from the promises, not from the implementation. A pair of bodies is judged as a ``%%task`` cell and as a
``@taskcell.task`` function; a pair of cells as a notebook; a pair of files as a notebook beside local modules; a pair
of modules as a script whose ``f`` is called. One long table, because a judge reads it from top to bottom.
"""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    """Two editions of one text."""

    name: str
    before: str
    after: str


class Cells(NamedTuple):
    """Two editions of a notebook; the last cell's task is judged."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Files(NamedTuple):
    """Two editions of a folder with modules, beside one notebook."""

    name: str
    cells: tuple[str, ...]
    before: dict[str, str]
    after: dict[str, str]


class Call(NamedTuple):
    """Two editions of a module with ``@taskcell.task def f``, and the two calls that are made."""

    name: str
    before: str
    after: str
    first: str = "f(2)"
    second: str = "f(2)"


# -- bodies: they read x = 2 and assign y ----------------------------------------------------------------------------

SAME_BODIES = (
    Pair("comment added", "y = x + 1", "# why\ny = x + 1  # because"),
    Pair("comment that is not ascii", "y = x + 1", "y = x + 1  # größer ☃"),
    Pair("blank lines", "y = x + 1\ny = y * 2", "\n\ny = x + 1\n\n\ny = y * 2\n\n"),
    Pair("spaces", "y = x+1", "y  =  x  +  1   "),
    Pair("indentation", "if x:\n    y = 1\nelse:\n    y = 2", "if x:\n  y = 1\nelse:\n        y = 2"),
    Pair("tabs", "if x:\n    y = 1\nelse:\n    y = 2", "if x:\n\ty = 1\nelse:\n\ty = 2"),
    Pair("quotes", "y = 'a'", 'y = "a"'),
    Pair("triple quotes", "y = 'a'", 'y = """a"""'),
    Pair("escape spelled otherwise", "y = '\\x41\\n'", "y = 'A\\012'"),
    Pair("raw string of the same text", "y = 'a\\\\d'", "y = r'a\\d'"),
    Pair("u prefix", "y = 'a'", "y = u'a'"),
    Pair("character by name", "y = 'é'", "y = '\\N{LATIN SMALL LETTER E WITH ACUTE}'"),
    Pair("parentheses", "y = x + 1 * 2", "y = (x + (1 * 2))"),
    Pair("trailing comma", "y = [x, 1]", "y = [\n    x,\n    1,\n]"),
    Pair("trailing comma in a call", "y = max(x, 1)", "y = max(\n    x,\n    1,\n)"),
    Pair("tuple parentheses", "y = x, 1", "y = (x, 1)"),
    Pair("backslash", "y = x + 1 + 2", "y = x + \\\n    1 + 2"),
    Pair("semicolon after an assignment", "y = x + 1", "y = x + 1;"),
    Pair("two statements on a line", "a = x\ny = a", "a = x; y = a"),
    Pair("one-line if", "y = 0\nif x: y = 1", "y = 0\nif x:\n    y = 1"),
    Pair("underscores in a number", "y = 1000", "y = 1_000"),
    Pair("hexadecimal", "y = 16", "y = 0x10"),
    Pair("octal and binary", "y = 0o17", "y = 0b1111"),
    Pair("float spelled otherwise", "y = 1000.0", "y = 1e3"),
    Pair("float digits beyond precision", "y = 0.1", "y = 0.1000000000000000055511151231257827"),
    Pair("neighbouring strings", "y = 'ab'", "y = 'a' 'b'"),
    Pair("neighbouring strings on lines", "y = 'ab'", "y = ('a'\n     'b')"),
    Pair("neighbouring bytes", "y = b'ab'", "y = b'a' b'b'"),
    Pair("f-string quotes", "y = f'a{x}b'", 'y = f"a{x}b"'),
    Pair("f-string in pieces", "y = f'a{x}b{x}'", "y = f'a{x}' f'b{x}'"),
    Pair("f-string with a plain piece", "y = f'a{x}b'", "y = 'a' f'{x}' 'b'"),
    Pair("f-string spaces inside braces", "y = f'{x + 1}'", "y = f'{ x+1 }'"),
    Pair("f-string = written out", "y = f'{x=}'", "y = f'x={x!r}'"),
    Pair("dos line ends", "y = x + 1\ny = y * 2\n", "y = x + 1\r\ny = y * 2\r\n"),
    Pair("identifier normalised", "ﬁ = x\ny = ﬁ", "fi = x\ny = fi"),
    Pair("type comment", "y = x", "y = x  # type: int"),
    Pair("noqa", "y = x", "y = x  # noqa: E501"),
    Pair("empty parentheses of a class", "class A:\n    v = 1\ny = A.v", "class A():\n    v = 1\ny = A.v"),
    Pair(
        "import in parentheses",
        "from math import sin, cos\ny = sin(x)",
        "from math import (\n    sin,\n    cos,\n)\ny = sin(x)",
    ),
    Pair("spaces inside a comprehension", "y = [i for i in range(x)]", "y = [ i\n      for i in range( x ) ]"),
    Pair("form feed", "y = x", "\fy = x"),
    Pair("nothing at the end", "y = x\n", "y = x"),
)

OTHER_BODIES = (
    Pair("operator", "y = x + 1", "y = x - 1"),
    Pair("order of operands", "y = x - 1", "y = 1 - x"),
    Pair("precedence", "y = x + 1 * 2", "y = (x + 1) * 2"),
    Pair("constant", "y = x + 1", "y = x + 2"),
    Pair("large constants", "y = 10**30 + 9007199254740993", "y = 10**30 + 9007199254740992"),
    Pair("int or float", "y = 1", "y = 1.0"),
    Pair("int or bool", "y = 1", "y = True"),
    Pair("zero or false", "y = 0", "y = False"),
    Pair("bool", "y = True", "y = False"),
    Pair("none or false", "y = None", "y = False"),
    Pair("none or its text", "y = None", "y = 'None'"),
    Pair("ellipsis or none", "y = [...]", "y = [None]"),
    Pair("ellipsis or its text", "y = [...]", "y = ['Ellipsis']"),
    Pair("imaginary", "y = 1", "y = 1j"),
    Pair("negative zero", "y = 0.0", "y = -0.0"),
    Pair("nearest floats", "y = 0.3", "y = 0.30000000000000004"),
    Pair("infinite", "y = 1e308", "y = 1e309"),
    Pair("bytes or text", "y = 'a'", "y = b'a'"),
    Pair("letter case", "y = 'a'", "y = 'A'"),
    Pair("composed or decomposed", "y = '\u00e9'", "y = 'e\u0301'"),
    Pair("compatibility character in a text", "y = 'ﬁ'", "y = 'fi'"),
    Pair("lone surrogate", "y = '\\ud800'", "y = '\\ud801'"),
    Pair("nul in a text", "y = 'a'", "y = 'a\\0'"),
    Pair("space at the end of a text", "y = 'a'", "y = 'a '"),
    Pair("raw or not", "y = '\\n'", "y = r'\\n'"),
    Pair("text that looks like the end of a node", "y = ['a', 'b']", "y = ['a,<s1:b>']"),
    Pair("comma between strings", "y = ['a' 'b']", "y = ['a', 'b']"),
    Pair("tuple or list", "y = (x, 1)", "y = [x, 1]"),
    Pair("list or set", "y = [x, 1]", "y = {x, 1}"),
    Pair("tuple or value", "y = x", "y = x,"),
    Pair("empty tuple or list", "y = ()", "y = []"),
    Pair("order in a list", "y = [x, 1]", "y = [1, x]"),
    Pair("order in a dict", "y = {'a': x, 'b': 1}", "y = {'b': 1, 'a': x}"),
    Pair("order in a set", "y = list({x, 1})", "y = list({1, x})"),
    Pair("unpacked dict or key none", "d = {'a': x}\ny = repr({**d})", "d = {'a': x}\ny = repr({None: d})"),
    Pair(
        "unpacked dict in the middle", "d = {'a': x}\ny = repr({1: 2, **d})", "d = {'a': x}\ny = repr({1: 2, None: d})"
    ),
    Pair(
        "keyword only without default or none",
        "def g(*, a): return a\ntry:\n    y = g()\nexcept TypeError:\n    y = 0",
        "def g(*, a=None): return a\ntry:\n    y = g()\nexcept TypeError:\n    y = 0",
    ),
    Pair(
        "which keyword has the default",
        "def g(*, a, b=None): return b\ny = g(a=x)",
        "def g(*, a=None, b): return b\ny = g(a=x, b=None)",
    ),
    Pair("default moved", "def g(a, b=1): return a + b\ny = g(x, 1)", "def g(a=1, b=1): return a + b\ny = g(x, 1)"),
    Pair("name", "a = x\nb = 3\ny = a", "a = x\nb = 3\ny = b"),
    Pair("builtin", "y = min(x, 1)", "y = max(x, 1)"),
    Pair("attribute", "y = 'a'.upper()", "y = 'a'.lower()"),
    Pair("keyword", "y = sorted([x, 1], reverse=True)", "y = sorted([x, 1], reverse=False)"),
    Pair("keyword left out", "y = sorted([x, 1], reverse=True)", "y = sorted([x, 1])"),
    Pair("keyword name", "y = dict(a=x)", "y = dict(b=x)"),
    Pair("keyword order", "y = dict(a=x, b=1)", "y = dict(b=1, a=x)"),
    Pair("argument order", "y = divmod(x, 1)", "y = divmod(1, x)"),
    Pair("star", "y = print(*[x])", "y = print([x])"),
    Pair("two stars", "y = dict(**{'a': x})", "y = dict({'a': x})"),
    Pair("index", "y = [1, 2, 3][x]", "y = [1, 2, 3][-x]"),
    Pair("slice or index", "y = [1, 2, 3][x:]", "y = [1, 2, 3][:x]"),
    Pair("slice step", "y = [1, 2, 3][::x]", "y = [1, 2, 3][:x:]"),
    Pair("index tuple", "y = {(x, 1): 2}[x, 1]", "y = {(x, 1): 2}.get((x, 1))"),
    Pair("comparison", "y = x < 1", "y = x <= 1"),
    Pair("chained comparison", "y = 0 < x < 1", "y = 0 < x and x < 1"),
    Pair("is or equals", "y = x is None", "y = x == None"),
    Pair("and or or", "y = x and 1", "y = x or 1"),
    Pair("not", "y = x", "y = not x"),
    Pair("blank line in a text", 'y = """a\n\nb"""', 'y = """a\n   \nb"""'),
    Pair("indentation in a text", 'y = """a\n  b"""', 'y = """a\n    b"""'),
    Pair("end of line in a text", 'y = """a\nb"""', 'y = """a \nb"""'),
    Pair("order of statements", "a = [x]\na.append(1)\na.append(2)\ny = a", "a = [x]\na.append(2)\na.append(1)\ny = a"),
    Pair("statement into a branch", "y = 0\nif x:\n    y = 1\ny += 1", "y = 0\nif x:\n    y = 1\n    y += 1"),
    Pair(
        "else of a loop",
        "y = 0\nfor i in range(x):\n    y += i\nelse:\n    y += 1",
        "y = 0\nfor i in range(x):\n    y += i\ny += 1",
    ),
    Pair(
        "break or continue",
        "y = 0\nfor i in [1, 2]:\n    y += i\n    break",
        "y = 0\nfor i in [1, 2]:\n    y += i\n    continue",
    ),
    Pair("augmented", "y = x\ny += 1", "y = x\ny -= 1"),
    Pair("walrus", "y = [n := x, n]", "y = [x, x]"),
    Pair("walrus value", "y = (n := x) + n", "y = (n := x + 1) + n"),
    Pair("comprehension or generator", "y = str(type([i for i in [x]]))", "y = str(type((i for i in [x])))"),
    Pair("comprehension filter", "y = [i for i in range(x) if i]", "y = [i for i in range(x)]"),
    Pair(
        "nested comprehension order",
        "y = [i for i in range(x) for j in range(i)]",
        "y = [i for j in range(x) for i in range(j)]",
    ),
    Pair("lambda default", "y = (lambda a=1: a)()", "y = (lambda a=2: a)()"),
    Pair("lambda body", "y = (lambda a: a)(x)", "y = (lambda a: -a)(x)"),
    Pair(
        "decorator",
        "from functools import cache\n@cache\ndef g(): return 1\ny = g()",
        "from functools import cache\ndef g(): return 1\ny = g()",
    ),
    Pair("return", "def g():\n    return None\ny = g()", "def g():\n    return 0\ny = g()"),
    Pair("positional only", "def g(a, /): return a\ny = g(x)", "def g(a): return a\ny = g(x)"),
    Pair("keyword only", "def g(a, *, b=1): return a\ny = g(x)", "def g(a, b=1): return a\ny = g(x)"),
    Pair("star argument", "def g(*a): return a\ny = g(x)", "def g(a): return a\ny = g(x)"),
    Pair(
        "nonlocal",
        "def g():\n    n = 1\n    def h():\n        nonlocal n\n        n = 2\n    h()\n    return n\ny = g()",
        "def g():\n    n = 1\n    def h():\n        n = 2\n    h()\n    return n\ny = g()",
    ),
    Pair("class attribute", "class A:\n    v = 1\ny = A.v", "class A:\n    v = 2\ny = A.v"),
    Pair("base class", "class A(int): pass\ny = A(1) == 1", "class A(float): pass\ny = A(1) == 1"),
    Pair(
        "metaclass",
        "import abc\nclass A(metaclass=abc.ABCMeta): pass\ny = str(type(A))",
        "import abc\nclass A: pass\ny = str(type(A))",
    ),
    Pair(
        "exception type",
        "try:\n    y = 1 / 0\nexcept ZeroDivisionError:\n    y = 1",
        "try:\n    y = 1 / 0\nexcept Exception:\n    y = 1",
    ),
    Pair("bare except", "try:\n    y = 1\nexcept Exception:\n    y = 2", "try:\n    y = 1\nexcept:\n    y = 2"),
    Pair(
        "finally or else",
        "try:\n    y = x\nfinally:\n    y = 2",
        "try:\n    y = x\nexcept ValueError:\n    pass\nelse:\n    y = 2",
    ),
    Pair(
        "raise from",
        "try:\n    raise ValueError from None\nexcept ValueError as e:\n    y = str(e.__cause__)",
        "try:\n    raise ValueError\nexcept ValueError as e:\n    y = str(e.__cause__)",
    ),
    Pair(
        "match value",
        "match x:\n    case 1:\n        y = 1\n    case _:\n        y = 2",
        "match x:\n    case 2:\n        y = 1\n    case _:\n        y = 2",
    ),
    Pair(
        "match none or true",
        "y = 0\nmatch x:\n    case None:\n        y = 1",
        "y = 0\nmatch x:\n    case True:\n        y = 1",
    ),
    Pair(
        "match sequence rest",
        "y = 0\nmatch [x]:\n    case [a]:\n        y = 1",
        "y = 0\nmatch [x]:\n    case [a, *_]:\n        y = 1",
    ),
    Pair(
        "match mapping rest",
        "y = 0\nmatch {'a': x}:\n    case {'a': 2}:\n        y = 1",
        "y = 0\nmatch {'a': x}:\n    case {'a': 2, **rest}:\n        y = 1",
    ),
    Pair(
        "match guard",
        "y = 0\nmatch x:\n    case a if a > 1:\n        y = 1",
        "y = 0\nmatch x:\n    case a if a > 2:\n        y = 1",
    ),
    Pair(
        "match order",
        "match x:\n    case int():\n        y = 1\n    case bool():\n        y = 2\n    case _:\n        y = 3",
        "match x:\n    case bool():\n        y = 2\n    case int():\n        y = 1\n    case _:\n        y = 3",
    ),
    Pair("f-string format", "y = f'{x:2}'", "y = f'{x:3}'"),
    Pair("f-string nested format", "y = f'{x:{x}}'", "y = f'{x:{1}}'"),
    Pair("f-string conversion", "y = f'{x!r}'", "y = f'{x!s}'"),
    Pair("f-string or text", "y = f'{x}'", "y = '{x}'"),
    Pair("f-string = spaces", "y = f'{x=}'", "y = f'{x =}'"),
    Pair("f-string = quotes", "y = f'{\"a\"=}'", "y = f\"{'a'=}\""),
    Pair("f-string order", "y = f'{x}a'", "y = f'a{x}'"),
    Pair("f-string doubled brace", "y = f'{{{x}}}'", "y = f'{x}'"),
    Pair("docstring of a function", "def g():\n    'a'\ny = g.__doc__", "def g():\n    'b'\ny = g.__doc__"),
    Pair(
        "annotation",
        "def g(a: int): ...\ny = str(g.__annotations__)",
        "def g(a: float): ...\ny = str(g.__annotations__)",
    ),
    Pair("import alias retargeted", "import math as m\ny = m.sqrt(4)", "import cmath as m\ny = m.sqrt(4)"),
    Pair("imported name", "from math import sin as f\ny = f(x)", "from math import cos as f\ny = f(x)"),
    Pair(
        "with or without",
        "import contextlib\nwith contextlib.suppress(Exception):\n    y = x",
        "import contextlib\ny = x",
    ),
    Pair(
        "with as",
        "import contextlib\nwith contextlib.nullcontext(1) as y:\n    pass",
        "import contextlib\nwith contextlib.nullcontext(2) as y:\n    pass",
    ),
    Pair("del", "a = x\ny = 1\ndel a", "a = x\ny = 1"),
    Pair("assert", "y = x\nassert y", "y = x"),
    Pair("global", "k = 1\ndef g():\n    global k\n    k = 2\ng()\ny = k", "k = 1\ndef g():\n    k = 2\ng()\ny = k"),
    Pair("yield", "def g():\n    yield x\ny = str(list(g()))", "def g():\n    yield [x]\ny = str(list(g()))"),
    Pair(
        "yield from", "def g():\n    yield [x]\ny = str(list(g()))", "def g():\n    yield from [x]\ny = str(list(g()))"
    ),
    Pair("async", "async def g():\n    return 1\ny = type(g).__name__", "def g():\n    return 1\ny = type(g).__name__"),
    Pair("starred target", "y, *a = [x, 1]", "*a, y = [x, 1]"),
    Pair("targets swapped", "a, y = x, 1", "y, a = x, 1"),
    Pair("chained assignment", "a = y = [x]", "a = [x]; y = [x]"),
    Pair("matrix product", "y = x if x else x * x", "y = x if x else x @ x"),
    Pair("division", "y = x / 2", "y = x // 2"),
    Pair("shift", "y = x << 1", "y = x >> 1"),
    Pair("unary", "y = +x", "y = ~x"),
    Pair("text in a nested function", "def g():\n    return 'a'\ny = g()", "def g():\n    return 'b'\ny = g()"),
    Pair("print added", "y = x", "y = x\nprint(y)"),
)

# -- helpers: plain cells above `y = f(x)`; as a module for @task as well ------------------------------------------------

SAME_HELPERS = (
    Pair("comment in a helper", "def f(a):\n    return a + 1", "def f(a):\n    # more\n    return a + 1  # one"),
    Pair("helper reformatted", "def f(a, b=1): return (a + b)", "def f(\n    a,\n    b=1,\n):\n    return a + b"),
    Pair("unrelated helper added", "def f(a): return a + 1", "def g(a): return a\ndef f(a): return a + 1"),
    Pair(
        "unrelated helper edited",
        "def g(a): return a\ndef f(a): return a + 1",
        "def g(a): return -a\ndef f(a): return a + 1",
    ),
    Pair("unrelated constant", "def f(a): return a + 1", "RATE = 2\ndef f(a): return a + 1"),
    Pair("unrelated import", "def f(a): return a + 1", "import json\ndef f(a): return a + 1"),
    Pair(
        "imports reordered",
        "import json\nimport math\ndef f(a): return math.sqrt(len(json.dumps(a)))",
        "import math\nimport json\ndef f(a): return math.sqrt(len(json.dumps(a)))",
    ),
    Pair(
        "imports on one line",
        "import json\nimport math\ndef f(a): return math.sqrt(len(json.dumps(a)))",
        "import json, math\ndef f(a): return math.sqrt(len(json.dumps(a)))",
    ),
    Pair(
        "import names reordered",
        "from math import sin, cos\ndef f(a): return sin(cos(a))",
        "from math import cos, sin\ndef f(a): return sin(cos(a))",
    ),
    Pair(
        "import of one more name",
        "from math import sin\ndef f(a): return sin(a)",
        "from math import sin, tan\ndef f(a): return sin(a)",
    ),
    Pair(
        "helpers in another order",
        "def g(a): return a\ndef f(a): return g(a)",
        "def f(a): return g(a)\ndef g(a): return a",
    ),
    Pair("constant spelled otherwise", "N = 1000\ndef f(a): return a * N", "N = 1_000\ndef f(a): return a * N"),
    Pair("unread constant in a pair", "N, M = 1, 2\ndef f(a): return a * N", "N, M = 1, 3\ndef f(a): return a * N"),
    Pair("parallel or apart", "N, M = 1, 2\ndef f(a): return a * N * M", "N = 1\nM = 2\ndef f(a): return a * N * M"),
    Pair(
        "class reformatted",
        "class C:\n    v = 1\n    def m(self): return self.v\ndef f(a): return C().m()",
        "class C:\n\n    v = 1\n\n    def m(self):\n        return self.v\n\ndef f(a): return C().m()",
    ),
    Pair(
        "same import twice",
        "import math\ndef f(a): return math.sqrt(a)",
        "import math\nimport math\ndef f(a): return math.sqrt(a)",
    ),
    Pair(
        "a loop that has no effect", "def f(a): return a + 1", "for _i in range(3):\n    pass\ndef f(a): return a + 1"
    ),
    Pair(
        "local name of that of a constant",
        "N = 1\ndef f(a):\n    N = 5\n    return a * N",
        "N = 2\ndef f(a):\n    N = 5\n    return a * N",
    ),
)

OTHER_HELPERS = (
    Pair("helper", "def f(a): return a + 1", "def f(a): return a + 2"),
    Pair(
        "helper at depth three",
        "def h(a): return a\ndef g(a): return h(a)\ndef f(a): return g(a)",
        "def h(a): return -a\ndef g(a): return h(a)\ndef f(a): return g(a)",
    ),
    Pair("default", "def f(a, b=1): return a + b", "def f(a, b=2): return a + b"),
    Pair("default from a constant", "N = 1\ndef f(a, b=N): return a + b", "N = 2\ndef f(a, b=N): return a + b"),
    Pair("keyword default", "def f(a, *, b=1): return a + b", "def f(a, *, b=2): return a + b"),
    Pair(
        "keyword default none or missing",
        "def g(*, b=None): return b\ndef f(a): return g.__kwdefaults__",
        "def g(*, b): return b\ndef f(a): return g.__kwdefaults__",
    ),
    Pair("constant", "N = 1\ndef f(a): return a * N", "N = 2\ndef f(a): return a * N"),
    Pair("constant type", "N = 1\ndef f(a): return a * N", "N = 1.0\ndef f(a): return a * N"),
    Pair(
        "constant made of another",
        "M = 1\nN = M + 1\ndef f(a): return a * N",
        "M = 2\nN = M + 1\ndef f(a): return a * N",
    ),
    Pair("constant list order", "N = [1, 2]\ndef f(a): return N[0]", "N = [2, 1]\ndef f(a): return N[0]"),
    Pair("list appended to", "N = [1]\ndef f(a): return N", "N = [1]\nN.append(2)\ndef f(a): return N"),
    Pair("item of a dict set", "N = {}\nN['a'] = 1\ndef f(a): return N", "N = {}\nN['a'] = 2\ndef f(a): return N"),
    Pair(
        "list filled by a loop",
        "N = []\nfor i in range(2):\n    N.append(i)\ndef f(a): return N",
        "N = []\nfor i in range(3):\n    N.append(i)\ndef f(a): return N",
    ),
    Pair("augmented constant", "N = 1\nN += 1\ndef f(a): return a * N", "N = 1\nN += 2\ndef f(a): return a * N"),
    Pair(
        "decorator's body",
        "def d(g):\n    def w(a): return g(a) + 1\n    return w\n@d\ndef f(a): return a",
        "def d(g):\n    def w(a): return g(a) + 2\n    return w\n@d\ndef f(a): return a",
    ),
    Pair(
        "decorator's argument",
        "def d(n):\n    def e(g):\n        def w(a): return g(a) + n\n        return w\n    return e\n@d(1)\ndef f(a): return a",
        "def d(n):\n    def e(g):\n        def w(a): return g(a) + n\n        return w\n    return e\n@d(2)\ndef f(a): return a",
    ),
    Pair(
        "decorator taken away",
        "import functools\n@functools.cache\ndef f(a): return a",
        "import functools\ndef f(a): return a",
    ),
    Pair("class attribute", "class C:\n    v = 1\ndef f(a): return C.v", "class C:\n    v = 2\ndef f(a): return C.v"),
    Pair(
        "class attribute set later",
        "class C:\n    v = 1\nC.v = 2\ndef f(a): return C.v",
        "class C:\n    v = 1\nC.v = 3\ndef f(a): return C.v",
    ),
    Pair(
        "function attribute",
        "def g(): pass\ng.v = 1\ndef f(a): return g.v",
        "def g(): pass\ng.v = 2\ndef f(a): return g.v",
    ),
    Pair(
        "method",
        "class C:\n    def m(self): return 1\ndef f(a): return C().m()",
        "class C:\n    def m(self): return 2\ndef f(a): return C().m()",
    ),
    Pair(
        "method of a base",
        "class B:\n    def m(self): return 1\nclass C(B): pass\ndef f(a): return C().m()",
        "class B:\n    def m(self): return 2\nclass C(B): pass\ndef f(a): return C().m()",
    ),
    Pair(
        "base exchanged",
        "class A:\n    v = 1\nclass B:\n    v = 2\nclass C(A): pass\ndef f(a): return C.v",
        "class A:\n    v = 1\nclass B:\n    v = 2\nclass C(B): pass\ndef f(a): return C.v",
    ),
    Pair(
        "order of bases",
        "class A:\n    v = 1\nclass B:\n    v = 2\nclass C(A, B): pass\ndef f(a): return C.v",
        "class A:\n    v = 1\nclass B:\n    v = 2\nclass C(B, A): pass\ndef f(a): return C.v",
    ),
    Pair(
        "metaclass",
        "class M(type):\n    def __len__(c): return 1\nclass C(metaclass=M): pass\ndef f(a): return len(C)",
        "class M(type):\n    def __len__(c): return 2\nclass C(metaclass=M): pass\ndef f(a): return len(C)",
    ),
    Pair(
        "property",
        "class C:\n    @property\n    def p(self): return 1\ndef f(a): return C().p",
        "class C:\n    @property\n    def p(self): return 2\ndef f(a): return C().p",
    ),
    Pair(
        "static method",
        "class C:\n    @staticmethod\n    def p(): return 1\ndef f(a): return C.p()",
        "class C:\n    @staticmethod\n    def p(): return 2\ndef f(a): return C.p()",
    ),
    Pair(
        "dataclass default",
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    v: int = 1\ndef f(a): return C().v",
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    v: int = 2\ndef f(a): return C().v",
    ),
    Pair(
        "dataclass option",
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    v: int = 1\ndef f(a): return '__lt__' in vars(C)",
        "from dataclasses import dataclass\n@dataclass(order=True)\nclass C:\n    v: int = 1\ndef f(a): return '__lt__' in vars(C)",
    ),
    Pair(
        "enum member",
        "from enum import Enum\nclass E(Enum):\n    A = 1\ndef f(a): return E.A.value",
        "from enum import Enum\nclass E(Enum):\n    A = 2\ndef f(a): return E.A.value",
    ),
    Pair(
        "instance's class",
        "class C:\n    def m(self): return 1\nc = C()\ndef f(a): return c.m()",
        "class C:\n    def m(self): return 2\nc = C()\ndef f(a): return c.m()",
    ),
    Pair(
        "instance's state",
        "class C:\n    def __init__(self, v): self.v = v\nc = C(1)\ndef f(a): return c.v",
        "class C:\n    def __init__(self, v): self.v = v\nc = C(2)\ndef f(a): return c.v",
    ),
    Pair(
        "instance's attribute set later",
        "class C: pass\nc = C()\nc.v = 1\ndef f(a): return c.v",
        "class C: pass\nc = C()\nc.v = 2\ndef f(a): return c.v",
    ),
    Pair(
        "closure",
        "def make(n):\n    def g(a): return a * n\n    return g\ng = make(2)\ndef f(a): return g(a)",
        "def make(n):\n    def g(a): return a * n\n    return g\ng = make(3)\ndef f(a): return g(a)",
    ),
    Pair(
        "closure's code",
        "def make(n):\n    def g(a): return a * n\n    return g\ng = make(2)\ndef f(a): return g(a)",
        "def make(n):\n    def g(a): return a + n\n    return g\ng = make(2)\ndef f(a): return g(a)",
    ),
    Pair(
        "closure of closures",
        "def make(n):\n    def h(a): return a * n\n    def g(a): return h(a)\n    return g\ng = make(2)\ndef f(a): return g(a)",
        "def make(n):\n    def h(a): return a * n\n    def g(a): return h(a)\n    return g\ng = make(3)\ndef f(a): return g(a)",
    ),
    Pair(
        "global that a closure reads",
        "K = 1\ndef make(n):\n    def g(a): return a * n * K\n    return g\ng = make(2)\ndef f(a): return g(a)",
        "K = 2\ndef make(n):\n    def g(a): return a * n * K\n    return g\ng = make(2)\ndef f(a): return g(a)",
    ),
    Pair("lambda", "g = lambda a: a\ndef f(a): return g(a)", "g = lambda a: -a\ndef f(a): return g(a)"),
    Pair(
        "lambda in a dict",
        "T = {'g': lambda a: a}\ndef f(a): return T['g'](a)",
        "T = {'g': lambda a: -a}\ndef f(a): return T['g'](a)",
    ),
    Pair(
        "global that a lambda in a dict reads",
        "K = 1\nT = {'g': lambda a: a * K}\ndef f(a): return T['g'](a)",
        "K = 2\nT = {'g': lambda a: a * K}\ndef f(a): return T['g'](a)",
    ),
    Pair(
        "dispatch table's function",
        "def g(a): return a\ndef h(a): return 0\nT = {'g': g, 'h': h}\ndef f(a): return T['g'](a)",
        "def g(a): return -a\ndef h(a): return 0\nT = {'g': g, 'h': h}\ndef f(a): return T['g'](a)",
    ),
    Pair(
        "dispatch table's values swapped",
        "def g(a): return a\ndef h(a): return 0\nT = {'g': g, 'h': h}\ndef f(a): return T['g'](a)",
        "def g(a): return a\ndef h(a): return 0\nT = {'g': h, 'h': g}\ndef f(a): return T['g'](a)",
    ),
    Pair(
        "registry filled by a decorator",
        "R = {}\ndef reg(g):\n    R[g.__name__] = g\n    return g\n@reg\ndef g(a): return a\ndef f(a): return R['g'](a)",
        "R = {}\ndef reg(g):\n    R[g.__name__] = g\n    return g\n@reg\ndef g(a): return -a\ndef f(a): return R['g'](a)",
    ),
    Pair(
        "partial's argument",
        "import functools\ndef g(n, a): return n * a\nh = functools.partial(g, 2)\ndef f(a): return h(a)",
        "import functools\ndef g(n, a): return n * a\nh = functools.partial(g, 3)\ndef f(a): return h(a)",
    ),
    Pair(
        "partial's function",
        "import functools\ndef g(n, a): return n * a\nh = functools.partial(g, 2)\ndef f(a): return h(a)",
        "import functools\ndef g(n, a): return n + a\nh = functools.partial(g, 2)\ndef f(a): return h(a)",
    ),
    Pair(
        "global read by the function of a partial",
        "import functools\nK = 1\ndef g(n, a): return n * a * K\nh = functools.partial(g, 2)\ndef f(a): return h(a)",
        "import functools\nK = 2\ndef g(n, a): return n * a * K\nh = functools.partial(g, 2)\ndef f(a): return h(a)",
    ),
    Pair(
        "helpers swapped",
        "def g(a): return a\ndef h(a): return -a\ndef f(a): return g(h(g(a)))",
        "def g(a): return a\ndef h(a): return -a\ng, h = h, g\ndef f(a): return g(h(g(a)))",
    ),
    Pair(
        "name rebound",
        "def g(a): return a\ndef h(a): return -a\nk = g\ndef f(a): return k(a)",
        "def g(a): return a\ndef h(a): return -a\nk = h\ndef f(a): return k(a)",
    ),
    Pair(
        "alias made before a redefinition",
        "def g(a): return a\nk = g\ndef g(a): return -a\ndef f(a): return k(a)",
        "def g(a): return a\ndef g(a): return -a\nk = g\ndef f(a): return k(a)",
    ),
    Pair(
        "definition made twice",
        "def g(a): return a\ndef g(a): return -a\ndef f(a): return g(a)",
        "def g(a): return -a\ndef g(a): return a\ndef f(a): return g(a)",
    ),
    Pair(
        "branch chosen by a constant",
        "A = True\nif A:\n    def g(a): return 1\nelse:\n    def g(a): return 2\ndef f(a): return g(a)",
        "A = False\nif A:\n    def g(a): return 1\nelse:\n    def g(a): return 2\ndef f(a): return g(a)",
    ),
    Pair(
        "constant chosen by a condition",
        "A = 1\nN = 1 if A else 2\ndef f(a): return N",
        "A = 0\nN = 1 if A else 2\ndef f(a): return N",
    ),
    Pair(
        "import alias retargeted",
        "import math as m\ndef f(a): return m.sqrt(a)",
        "import cmath as m\ndef f(a): return m.sqrt(a)",
    ),
    Pair(
        "imported name",
        "from math import floor as g\ndef f(a): return g(a)",
        "from math import ceil as g\ndef f(a): return g(a)",
    ),
    Pair(
        "global changed by a helper",
        "K = 1\ndef bump():\n    global K\n    K += 1\nbump()\ndef f(a): return a * K",
        "K = 1\ndef bump():\n    global K\n    K += 2\nbump()\ndef f(a): return a * K",
    ),
    Pair(
        "list changed by a helper",
        "K = []\ndef bump(n): K.append(n)\nbump(1)\ndef f(a): return K",
        "K = []\ndef bump(n): K.append(n)\nbump(2)\ndef f(a): return K",
    ),
    Pair(
        "list in a list changed",
        "K = [[1]]\nK[0].append(1)\ndef f(a): return K",
        "K = [[1]]\nK[0].append(2)\ndef f(a): return K",
    ),
    Pair(
        "loop variable left behind",
        "for k in [1, 2]:\n    pass\ndef f(a): return k",
        "for k in [1, 3]:\n    pass\ndef f(a): return k",
    ),
    Pair(
        "late binding lambdas",
        "G = [lambda a: a + i for i in range(2)]\ndef f(a): return G[0](a)",
        "G = [lambda a, i=i: a + i for i in range(2)]\ndef f(a): return G[0](a)",
    ),
    Pair(
        "value with a future",
        "from __future__ import annotations\ndef g(a: int): ...\ndef f(a): return str(g.__annotations__)",
        "def g(a: int): ...\ndef f(a): return str(g.__annotations__)",
    ),
    Pair(
        "named tuple field",
        "from collections import namedtuple\nP = namedtuple('P', 'a b')\ndef f(a): return P(1, 2).a",
        "from collections import namedtuple\nP = namedtuple('P', 'b a')\ndef f(a): return P(1, 2).a",
    ),
    Pair(
        "slots",
        "class C:\n    __slots__ = ('a',)\ndef f(a): return C.__slots__",
        "class C:\n    __slots__ = ('b',)\ndef f(a): return C.__slots__",
    ),
    Pair("docstring", "def f(a):\n    'one'\n    return f.__doc__", "def f(a):\n    'two'\n    return f.__doc__"),
    Pair("set constant", "S = {1, 2}\ndef f(a): return a in S", "S = {1, 3}\ndef f(a): return a in S"),
    Pair(
        "method patched in",
        "class C:\n    def m(self): return 0\ndef one(self): return 1\ndef two(self): return 2\nC.m = one\ndef f(a): return C().m()",
        "class C:\n    def m(self): return 0\ndef one(self): return 1\ndef two(self): return 2\nC.m = two\ndef f(a): return C().m()",
    ),
    Pair(
        "regular expression",
        "import re\nP = re.compile('a')\ndef f(a): return P.pattern",
        "import re\nP = re.compile('b')\ndef f(a): return P.pattern",
    ),
    Pair(
        "regular expression flags",
        "import re\nP = re.compile('a')\ndef f(a): return P.flags",
        "import re\nP = re.compile('a', re.I)\ndef f(a): return P.flags",
    ),
    Pair(
        "reduced object",
        "import operator\ng = operator.itemgetter(0)\ndef f(a): return g([1, 2])",
        "import operator\ng = operator.itemgetter(1)\ndef f(a): return g([1, 2])",
    ),
    Pair(
        "bound method",
        "class C:\n    def __init__(s, v): s.v = v\n    def m(s): return s.v\ng = C(1).m\ndef f(a): return g()",
        "class C:\n    def __init__(s, v): s.v = v\n    def m(s): return s.v\ng = C(2).m\ndef f(a): return g()",
    ),
    Pair(
        "cached function's body",
        "import functools\n@functools.lru_cache\ndef g(a): return a\ndef f(a): return g(a)",
        "import functools\n@functools.lru_cache\ndef g(a): return -a\ndef f(a): return g(a)",
    ),
    Pair(
        "single dispatch",
        "import functools\n@functools.singledispatch\ndef g(a): return 0\n@g.register\ndef _(a: int): return 1\ndef f(a): return g(a)",
        "import functools\n@functools.singledispatch\ndef g(a): return 0\n@g.register\ndef _(a: int): return 2\ndef f(a): return g(a)",
    ),
    Pair("generic alias of a dict copy", "D = dict(a=1)\ndef f(a): return D", "D = dict(a=2)\ndef f(a): return D"),
    Pair(
        "descriptor",
        "class D:\n    def __get__(s, i, o): return 1\nclass C:\n    v = D()\ndef f(a): return C().v",
        "class D:\n    def __get__(s, i, o): return 2\nclass C:\n    v = D()\ndef f(a): return C().v",
    ),
    Pair(
        "init subclass",
        "class B:\n    def __init_subclass__(c): c.v = 1\nclass C(B): pass\ndef f(a): return C.v",
        "class B:\n    def __init_subclass__(c): c.v = 2\nclass C(B): pass\ndef f(a): return C.v",
    ),
)

# -- notebooks --------------------------------------------------------------------------------------------------------

_X = "%%params\nx: int = 2"

SAME_CELLS = (
    Cells("task renamed", (_X, "%%task t -> y\ny = x"), (_X, "%%task other -> y\ny = x")),
    Cells("comment form", (_X, "%%task t -> y\ny = x"), (_X, "# %task t -> y\ny = x")),
    Cells("inputs stated", (_X, "%%task t -> y\ny = x"), (_X, "%%task t(x) -> y\ny = x")),
    Cells("everything inferred", (_X, "%%task t(x) -> y\ny = x"), (_X, "%%task\ny = x")),
    Cells("retries", (_X, "%%task t\ny = x"), (_X, "%%task t --retries 3 --retry-delay 5s\ny = x")),
    Cells("timeout", (_X, "%%task t\ny = x"), (_X, "%%task t --timeout 90s\ny = x")),
    Cells("resources", (_X, "%%task t\ny = x"), (_X, "%%task t --cpu 2 --memory 2Gi --gpu 1\ny = x")),
    Cells("image", (_X, "%%task t\ny = x"), (_X, "%%task t --image example.org/a:1\ny = x")),
    Cells("spaces in the header", (_X, "%%task t(x) -> y\ny = x"), (_X, "%%task   t( x )  ->  y  \n\ny = x")),
    Cells(
        "extension loaded with others",
        (_X, "%%task t\ny = x"),
        ("%load_ext autoreload\n%autoreload 2", _X, "%%task t\ny = x"),
    ),
    Cells("markdown-like comment cell", (_X, "%%task t\ny = x"), ("# # Title", _X, "%%task t\ny = x")),
    Cells("plain cell added below params", (_X, "%%task t\ny = x"), (_X, "z = 3", "%%task t\ny = x")),
    Cells(
        "helper cell split",
        (_X, "def g(a): return a\ndef f(a): return g(a)", "%%task t\ny = f(x)"),
        (_X, "def g(a): return a", "def f(a): return g(a)", "%%task t\ny = f(x)"),
    ),
    Cells(
        "helper cells joined with an import",
        (_X, "import math", "def f(a): return math.sqrt(a)", "%%task t\ny = f(x)"),
        (_X, "import math\ndef f(a): return math.sqrt(a)", "%%task t\ny = f(x)"),
    ),
    Cells(
        "helper cells in another order",
        (_X, "def g(a): return a", "def f(a): return g(a)", "%%task t\ny = f(x)"),
        (_X, "def f(a): return g(a)", "def g(a): return a", "%%task t\ny = f(x)"),
    ),
    Cells(
        "helper cell above the parameters",
        (_X, "def f(a): return a", "%%task t\ny = f(x)"),
        ("def f(a): return a", _X, "%%task t\ny = f(x)"),
    ),
    Cells("unrelated task added", (_X, "%%task t\ny = x"), (_X, "%%task u\nz = x + 5", "%%task t\ny = x")),
    Cells(
        "unrelated task edited",
        (_X, "%%task u\nz = x + 5", "%%task t\ny = x"),
        (_X, "%%task u\nz = x + 6", "%%task t\ny = x"),
    ),
    Cells(
        "upstream edited to an equal value",
        (_X, "%%task u\nz = x + 5", "%%task t\ny = z"),
        (_X, "%%task u\nz = 5 + x", "%%task t\ny = z"),
    ),
    Cells(
        "upstream renamed",
        (_X, "%%task u -> z\nz = x + 5", "%%task t\ny = z"),
        (_X, "%%task v -> z\nz = x + 5", "%%task t\ny = z"),
    ),
    Cells(
        "upstream makes more",
        (_X, "%%task u\nz = x + 5", "%%task t\ny = z"),
        (_X, "%%task u\nz = x + 5\nw = 1", "%%task t\ny = z"),
    ),
    Cells(
        "upstream split in two",
        (_X, "%%task u\nz = x + 5", "%%task t\ny = z"),
        (_X, "%%task u\nw = x", "%%task v\nz = w + 5", "%%task t\ny = z"),
    ),
    Cells("parameter's comment", (_X, "%%task t\ny = x"), ("%%params\nx: int = 2  # how many", "%%task t\ny = x")),
    Cells("parameter without a type", (_X, "%%task t\ny = x"), ("%%params\nx = 2", "%%task t\ny = x")),
    Cells("another parameter", (_X, "%%task t\ny = x"), ("%%params\nx: int = 2\nw: int = 3", "%%task t\ny = x")),
    Cells(
        "other parameters' order",
        ("%%params\nx: int = 2\nw: int = 3", "%%task t\ny = x + w"),
        ("%%params\nw: int = 3\nx: int = 2", "%%task t\ny = x + w"),
    ),
    Cells(
        "other cells' magics", (_X, "%%task t\ny = x"), ("%matplotlib inline", _X, "%%time\nq = 1", "%%task t\ny = x")
    ),
    Cells(
        "helper under %%time",
        (_X, "def f(a): return a", "%%task t\ny = f(x)"),
        (_X, "%%time\ndef f(a): return a", "%%task t\ny = f(x)"),
    ),
    Cells(
        "cell with a display",
        (_X, "def f(a): return a", "%%task t\ny = f(x)"),
        (_X, "def f(a): return a\nf(1)", "%%task t\ny = f(x)"),
    ),
    Cells(
        "constant read in a display",
        (_X, "N = [1]", "%%task t\ny = N"),
        (_X, "N = [1]\nlen(N)\nprint(N)", "%%task t\ny = N"),
    ),
    Cells(
        "same plain value computed otherwise",
        (_X, "n = int(str(4))\n", "%%task t\ny = n"),
        (_X, "n = int(str(4)) \n", "%%task t\ny = n"),
    ),
    Cells("shell line's trailing space", (_X, "%%task t -> y\n!true\ny = x"), (_X, "%%task t -> y\n!true   \ny = x")),
    Cells("semicolon after an assignment at the end", (_X, "%%task t -> y\ny = x"), (_X, "%%task t -> y\ny = x;")),
    Cells(
        "quick look at the end of a plain cell", (_X, "N = 3", "%%task t\ny = N"), (_X, "N = 3\nN", "%%task t\ny = N")
    ),
    Cells(
        "constant of a pair taken apart",
        (_X, "A, B = 1, 2", "%%task t\ny = A"),
        (_X, "A = 1\nB = 2", "%%task t\ny = A"),
    ),
    Cells("constant assigned twice alike", (_X, "A = 1", "%%task t\ny = A"), (_X, "A = 1\nA = 1", "%%task t\ny = A")),
    Cells(
        "former definition edited",
        (_X, "def f(a): return 1", "def f(a): return a", "%%task t\ny = f(x)"),
        (_X, "def f(a): return 2", "def f(a): return a", "%%task t\ny = f(x)"),
    ),
    Cells("workflow named", (_X, "%%task t\ny = x"), ("%workflow other", _X, "%%task t\ny = x")),
)

OTHER_CELLS = (
    Cells(
        "constant dict order",
        (_X, "N = {'a': 1, 'b': 2}", "%%task t\ny = list(N)"),
        (_X, "N = {'b': 2, 'a': 1}", "%%task t\ny = list(N)"),
    ),
    Cells(
        "setting of a library",
        (_X, "import colorsys\ncolorsys.ONE = 1", "%%task t\ny = colorsys.ONE"),
        (_X, "import colorsys\ncolorsys.ONE = 2", "%%task t\ny = colorsys.ONE"),
    ),
    Cells(
        "setting in another cell",
        (_X, "import os", "os.environ['PAIR'] = 'a'", "%%task t\ny = os.environ['PAIR']"),
        (_X, "import os", "os.environ['PAIR'] = 'b'", "%%task t\ny = os.environ['PAIR']"),
    ),
    Cells(
        "order of settings",
        (_X, "import os\nos.environ['PAIR'] = 'a'\nos.environ['PAIR'] = 'b'", "%%task t\ny = os.environ['PAIR']"),
        (_X, "import os\nos.environ['PAIR'] = 'b'\nos.environ['PAIR'] = 'a'", "%%task t\ny = os.environ['PAIR']"),
    ),
    Cells(
        "setting kept by a second import",
        (_X, "import os", "os.environ['PAIR'] = 'a'", "import os", "%%task t\ny = os.environ['PAIR']"),
        (_X, "import os", "os.environ['PAIR'] = 'b'", "import os", "%%task t\ny = os.environ['PAIR']"),
    ),
    Cells(
        "option set by a call",
        (
            _X,
            "import decimal",
            "decimal.getcontext().prec = 5\ndecimal.setcontext(decimal.Context(prec=5))",
            "%%task t\ny = decimal.Decimal(1) / 3",
        ),
        (_X, "import decimal", "decimal.setcontext(decimal.Context(prec=6))", "%%task t\ny = decimal.Decimal(1) / 3"),
    ),
    Cells(
        "seed of a generator",
        (_X, "import random", "random.seed(1)", "%%task t\ny = random.random()"),
        (_X, "import random", "random.seed(2)", "%%task t\ny = random.random()"),
    ),
    Cells(
        "seed by a constant",
        (_X, "import random\nN = 1", "random.seed(N)", "%%task t\ny = random.random()"),
        (_X, "import random\nN = 2", "random.seed(N)", "%%task t\ny = random.random()"),
    ),
    Cells(
        "accessor registered",
        (
            _X,
            "import functools, copyreg\nclass C: pass",
            "copyreg.pickle(C, lambda c: (C, ()))",
            "@functools.singledispatch\ndef g(a): return 0",
            "@g.register(int)\ndef _(a): return 1",
            "%%task t\ny = g(x)",
        ),
        (
            _X,
            "import functools, copyreg\nclass C: pass",
            "copyreg.pickle(C, lambda c: (C, ()))",
            "@functools.singledispatch\ndef g(a): return 0",
            "@g.register(int)\ndef _(a): return 2",
            "%%task t\ny = g(x)",
        ),
    ),
    Cells("body", (_X, "%%task t\ny = x"), (_X, "%%task t\ny = -x")),
    Cells("parameter's value", (_X, "%%task t\ny = x"), ("%%params\nx: int = 3", "%%task t\ny = x")),
    Cells("parameter's type", (_X, "%%task t\ny = x"), ("%%params\nx: float = 2.0", "%%task t\ny = x")),
    Cells(
        "parameter one or true",
        ("%%params\nx: int = 1", "%%task t\ny = x"),
        ("%%params\nx: bool = True", "%%task t\ny = x"),
    ),
    Cells(
        "parameter text or number",
        ("%%params\nx: int = 1", "%%task t\ny = x"),
        ("%%params\nx: str = '1'", "%%task t\ny = x"),
    ),
    Cells(
        "two parameters swapped",
        ("%%params\nx: int = 1\nw: int = 2", "%%task t\ny = x - w"),
        ("%%params\nx: int = 2\nw: int = 1", "%%task t\ny = x - w"),
    ),
    Cells(
        "text parameter with separators",
        ("%%params\nx: str = 'a'\nw: str = 'b,c'", "%%task t\ny = x + w"),
        ("%%params\nx: str = 'a,b'\nw: str = 'c'", "%%task t\ny = x + w"),
    ),
    Cells(
        "text moves between parameters",
        ("%%params\nx: str = 'ab'\nw: str = ''", "%%task t\ny = x + w"),
        ("%%params\nx: str = 'a'\nw: str = 'b'", "%%task t\ny = x + w"),
    ),
    Cells(
        "empty text or none",
        ("%%params\nx: str = ''", "%%task t\ny = x"),
        ("%%params\nx: None = None", "%%task t\ny = x"),
    ),
    Cells(
        "empty list or none",
        ("%%params\nx: list[int] = []", "%%task t\ny = x"),
        ("%%params\nx: None = None", "%%task t\ny = x"),
    ),
    Cells(
        "list or tuple",
        ("%%params\nx: list[int] = [1]", "%%task t\ny = x"),
        ("%%params\nx: tuple[int, ...] = (1,)", "%%task t\ny = x"),
    ),
    Cells(
        "element moves between lists",
        ("%%params\nx: list[int] = [1, 2]\nw: list[int] = [3]", "%%task t\ny = x + w"),
        ("%%params\nx: list[int] = [1]\nw: list[int] = [2, 3]", "%%task t\ny = x + w"),
    ),
    Cells("seed", (_X, "%%task t\ny = x"), (_X, "%%task t --seed 1\ny = x")),
    Cells("seed changed", (_X, "%%task t --seed 1\ny = x"), (_X, "%%task t --seed 2\ny = x")),
    Cells("seed zero or none", (_X, "%%task t\ny = x"), (_X, "%%task t --seed 0\ny = x")),
    Cells("output renamed", (_X, "%%task t\ny = x"), (_X, "%%task t\nz = x")),
    Cells("output left out", (_X, "%%task t -> y, z\ny = x\nz = 1"), (_X, "%%task t -> y\ny = x\nz = 1")),
    Cells("outputs' order", (_X, "%%task t -> y, z\ny = x\nz = 1"), (_X, "%%task t -> z, y\ny = x\nz = 1")),
    Cells(
        "upstream's value",
        (_X, "%%task u\nz = x + 5", "%%task t\ny = z"),
        (_X, "%%task u\nz = x + 6", "%%task t\ny = z"),
    ),
    Cells(
        "upstream's type",
        (_X, "%%task u\nz = x + 5", "%%task t\ny = z"),
        (_X, "%%task u\nz = x + 5.0", "%%task t\ny = z"),
    ),
    Cells(
        "two upstreams swapped",
        (_X, "%%task u\na = 1\nb = 2", "%%task t\ny = a - b"),
        (_X, "%%task u\na = 2\nb = 1", "%%task t\ny = a - b"),
    ),
    Cells(
        "input read under another name",
        (_X, "%%task u\na = 1\nb = 1", "%%task t\ny = [a, 2]"),
        (_X, "%%task u\na = 1\nb = 1", "%%task t\ny = [b, 2]"),
    ),
    Cells(
        "plain value",
        (_X, "n = len(__import__('os').listdir('.')) + 1", "%%task t\ny = n"),
        (_X, "n = len(__import__('os').listdir('.')) + 2", "%%task t\ny = n"),
    ),
    Cells("shell command", (_X, "%%task t -> y\n!true\ny = x"), (_X, "%%task t -> y\n!true a\ny = x")),
    Cells("shell assignment", (_X, "%%task t -> y\ny = !echo a"), (_X, "%%task t -> y\ny = !echo b")),
    Cells("magic's argument", (_X, "%%task t -> y\n%precision 3\ny = x"), (_X, "%%task t -> y\n%precision 4\ny = x")),
    Cells("timed line", (_X, "%%task t -> y\n%time y = x"), (_X, "%%task t -> y\n%time y = -x")),
    Cells("last value shown or not", (_X, "%%task t -> y\ny = x\ny"), (_X, "%%task t -> y\ny = x\ny;")),
    Cells("constant in an earlier cell", (_X, "N = 1", "%%task t\ny = N"), (_X, "N = 2", "%%task t\ny = N")),
    Cells(
        "constant redefined in a cell between",
        (_X, "N = 1", "%%task t\ny = N"),
        (_X, "N = 1", "N = 2", "%%task t\ny = N"),
    ),
    Cells(
        "constant changed in a cell between",
        (_X, "N = [1]", "%%task t\ny = N"),
        (_X, "N = [1]", "N.append(2)", "%%task t\ny = N"),
    ),
    Cells(
        "constant changed by a loop in a cell between",
        (_X, "N = [1]", "%%task t\ny = N"),
        (_X, "N = [1]", "for i in [2]:\n    N.append(i)", "%%task t\ny = N"),
    ),
    Cells(
        "constant changed through an alias in another cell",
        (_X, "N = [1]", "M = N", "%%task t\ny = N"),
        (_X, "N = [1]", "M = N\nM.append(2)", "%%task t\ny = N"),
    ),
    Cells(
        "helper redefined between",
        (_X, "def f(a): return a", "%%task t\ny = f(x)"),
        (_X, "def f(a): return a", "def f(a): return -a", "%%task t\ny = f(x)"),
    ),
    Cells(
        "helper's helper redefined between",
        (_X, "def g(a): return a", "def f(a): return g(a)", "%%task t\ny = f(x)"),
        (_X, "def g(a): return a", "def f(a): return g(a)", "def g(a): return -a", "%%task t\ny = f(x)"),
    ),
    Cells(
        "helper wrapped between",
        (_X, "def w(f):\n    return lambda a: f(a) + 1\ndef f(a): return a", "%%task t\ny = f(x)"),
        (_X, "def w(f):\n    return lambda a: f(a) + 1\ndef f(a): return a", "f = w(f)", "%%task t\ny = f(x)"),
    ),
    Cells(
        "single dispatch in another cell",
        (
            _X,
            "import functools\n@functools.singledispatch\ndef g(a): return 0",
            "@g.register\ndef _(a: int): return 1",
            "%%task t\ny = g(x)",
        ),
        (
            _X,
            "import functools\n@functools.singledispatch\ndef g(a): return 0",
            "@g.register\ndef _(a: int): return 2",
            "%%task t\ny = g(x)",
        ),
    ),
    Cells(
        "registry filled from another cell",
        (
            _X,
            "R = {}\ndef reg(g):\n    R[g.__name__] = g\n    return g",
            "@reg\ndef g(a): return a",
            "%%task t\ny = R['g'](x)",
        ),
        (
            _X,
            "R = {}\ndef reg(g):\n    R[g.__name__] = g\n    return g",
            "@reg\ndef g(a): return -a",
            "%%task t\ny = R['g'](x)",
        ),
    ),
    Cells(
        "import retargeted",
        (_X, "import math as m", "%%task t\ny = m.sqrt(x)"),
        (_X, "import cmath as m", "%%task t\ny = m.sqrt(x)"),
    ),
    Cells(
        "library function patched",
        (_X, "import colorsys", "%%task t\ny = colorsys.hls_to_rgb(x, x, x)"),
        (
            _X,
            "import colorsys",
            "colorsys.hls_to_rgb = lambda *v: 'patched'",
            "%%task t\ny = colorsys.hls_to_rgb(x, x, x)",
        ),
    ),
    Cells(
        "patch of a library edited",
        (_X, "import colorsys", "colorsys.hls_to_rgb = lambda *v: 'one'", "%%task t\ny = colorsys.hls_to_rgb(x, x, x)"),
        (_X, "import colorsys", "colorsys.hls_to_rgb = lambda *v: 'two'", "%%task t\ny = colorsys.hls_to_rgb(x, x, x)"),
    ),
    Cells(
        "setting of a library as an item",
        (_X, "import types\nopts = types.SimpleNamespace(a={})", "opts.a['k'] = 1", "%%task t\ny = opts.a"),
        (_X, "import types\nopts = types.SimpleNamespace(a={})", "opts.a['k'] = 2", "%%task t\ny = opts.a"),
    ),
    Cells(
        "class attribute counted up",
        (_X, "class C:\n    n = 0", "C.n += 1", "%%task t\ny = C.n"),
        (_X, "class C:\n    n = 0", "C.n += 2", "%%task t\ny = C.n"),
    ),
    Cells(
        "attribute set with setattr",
        (_X, "class C:\n    n = 0", "setattr(C, 'n', 1)", "%%task t\ny = C.n"),
        (_X, "class C:\n    n = 0", "setattr(C, 'n', 2)", "%%task t\ny = C.n"),
    ),
    Cells(
        "vars changed",
        (_X, "class C:\n    n = 0\nc = C()", "vars(c)['n'] = 1", "%%task t\ny = c.n"),
        (_X, "class C:\n    n = 0\nc = C()", "vars(c)['n'] = 2", "%%task t\ny = c.n"),
    ),
    Cells(
        "defaults of a helper changed",
        (_X, "def f(a, b=1): return b", "f.__defaults__ = (2,)", "%%task t\ny = f(x)"),
        (_X, "def f(a, b=1): return b", "f.__defaults__ = (3,)", "%%task t\ny = f(x)"),
    ),
    Cells(
        "plain cell's with",
        (_X, "with open(__import__('os').devnull) as h:\n    n = 1", "%%task t\ny = n"),
        (_X, "with open(__import__('os').devnull) as h:\n    n = 2", "%%task t\ny = n"),
    ),
    Cells(
        "mapped",
        ("%%params\nx: list[int] = [1]", "%%task t -> y\ny = x"),
        ("%%params\nx: list[int] = [1]", "%%task t -> y --map x\ny = x"),
    ),
)

# -- folders of modules --------------------------------------------------------------------------------------------------

_M = (_X, "import mod", "%%task t\ny = mod.f(x)")

SAME_FILES = (
    Files(
        "comment in a module", _M, {"mod.py": "def f(a): return a\n"}, {"mod.py": "# new\ndef f(a):\n\n    return a\n"}
    ),
    Files(
        "module not reached",
        _M,
        {"mod.py": "def f(a): return a\n", "b.py": "v = 1"},
        {"mod.py": "def f(a): return a\n", "b.py": "v = 2"},
    ),
    Files("module added", _M, {"mod.py": "def f(a): return a\n"}, {"mod.py": "def f(a): return a\n", "b.py": "v = 2"}),
    Files(
        "dos line ends in a module",
        _M,
        {"mod.py": "def f(a):\n    return a\n"},
        {"mod.py": "def f(a):\r\n    return a\r\n"},
    ),
    Files("byte order mark", _M, {"mod.py": "def f(a): return a\n"}, {"mod.py": "\ufeffdef f(a): return a\n"}),
    Files(
        "encoding comment",
        _M,
        {"mod.py": "def f(a): return a\n"},
        {"mod.py": "# -*- coding: utf-8 -*-\ndef f(a): return a\n"},
    ),
    Files(
        "compiled file beside",
        _M,
        {"mod.py": "def f(a): return a\n"},
        {"mod.py": "def f(a): return a\n", "__pycache__/other.pyc": "x"},
    ),
    Files(
        "sibling in a package",
        (_X, "from p import a", "%%task t\ny = a.f(x)"),
        {"p/__init__.py": "", "p/a.py": "def f(a): return a", "p/b.py": "v = 1"},
        {"p/__init__.py": "", "p/a.py": "def f(a): return a", "p/b.py": "v = 2"},
    ),
    Files(
        "data file beside", _M, {"mod.py": "def f(a): return a\n"}, {"mod.py": "def f(a): return a\n", "notes.txt": "x"}
    ),
    Files(
        "import under another cell's alias",
        (_X, "import mod", "%%task t\ny = mod.f(x)"),
        {"mod.py": "def f(a): return a\n", "u.py": "v = 1"},
        {"mod.py": "def f(a): return a\n", "u.py": "v = 1\nw = 2"},
    ),
)

OTHER_FILES = (
    Files(
        "submodule that another module imports",
        (_X, "import p\nimport loads", "%%task t\ny = p.a.f(x)"),
        {"loads.py": "import p.a", "p/__init__.py": "", "p/a.py": "def f(a): return a"},
        {"loads.py": "import p.a", "p/__init__.py": "", "p/a.py": "def f(a): return -a"},
    ),
    Files(
        "submodule that a helper takes by its dotted name",
        (_X, "import p as q\nimport loads\ndef g(a): return q.a.b.f(a)", "%%task t\ny = g(x)"),
        {"loads.py": "import p.a.b", "p/__init__.py": "", "p/a/__init__.py": "", "p/a/b.py": "def f(a): return a"},
        {"loads.py": "import p.a.b", "p/__init__.py": "", "p/a/__init__.py": "", "p/a/b.py": "def f(a): return -a"},
    ),
    Files(
        "submodule that a module takes by its dotted name",
        (_X, "import mod", "%%task t\ny = mod.f(x)"),
        {
            "mod.py": "import p\nimport loads\ndef f(a): return p.a.f(a)",
            "loads.py": "import p.a",
            "p/__init__.py": "",
            "p/a.py": "def f(a): return a",
        },
        {
            "mod.py": "import p\nimport loads\ndef f(a): return p.a.f(a)",
            "loads.py": "import p.a",
            "p/__init__.py": "",
            "p/a.py": "def f(a): return -a",
        },
    ),
    Files("function in a module", _M, {"mod.py": "def f(a): return a\n"}, {"mod.py": "def f(a): return -a\n"}),
    Files(
        "constant in a module",
        _M,
        {"mod.py": "K = 1\ndef f(a): return a * K\n"},
        {"mod.py": "K = 2\ndef f(a): return a * K\n"},
    ),
    Files(
        "module that a module imports",
        _M,
        {"mod.py": "import low\ndef f(a): return low.f(a)\n", "low.py": "def f(a): return a"},
        {"mod.py": "import low\ndef f(a): return low.f(a)\n", "low.py": "def f(a): return -a"},
    ),
    Files(
        "module imported inside a function",
        _M,
        {"mod.py": "def f(a):\n    import low\n    return low.f(a)\n", "low.py": "def f(a): return a"},
        {"mod.py": "def f(a):\n    import low\n    return low.f(a)\n", "low.py": "def f(a): return -a"},
    ),
    Files(
        "name taken from a module",
        (_X, "from mod import f", "%%task t\ny = f(x)"),
        {"mod.py": "def f(a): return a\n"},
        {"mod.py": "def f(a): return -a\n"},
    ),
    Files(
        "imported in the body",
        (_X, "%%task t\nimport mod\ny = mod.f(x)"),
        {"mod.py": "def f(a): return a\n"},
        {"mod.py": "def f(a): return -a\n"},
    ),
    Files(
        "imported in a helper",
        (_X, "def g(a):\n    from mod import f\n    return f(a)", "%%task t\ny = g(x)"),
        {"mod.py": "def f(a): return a\n"},
        {"mod.py": "def f(a): return -a\n"},
    ),
    Files(
        "imported by name",
        (_X, "import importlib\ndef g(a): return importlib.import_module('mod').f(a)", "%%task t\ny = g(x)"),
        {"mod.py": "def f(a): return a\n"},
        {"mod.py": "def f(a): return -a\n"},
    ),
    Files(
        "imported in a lambda of a table",
        (_X, "T = {'g': lambda a: __import__('mod').f(a)}", "%%task t\ny = T['g'](x)"),
        {"mod.py": "def f(a): return a\n"},
        {"mod.py": "def f(a): return -a\n"},
    ),
    Files(
        "package's init",
        (_X, "import p.a", "%%task t\ny = p.a.f(x)"),
        {"p/__init__.py": "K = 1", "p/a.py": "import p\ndef f(a): return p.K"},
        {"p/__init__.py": "K = 2", "p/a.py": "import p\ndef f(a): return p.K"},
    ),
    Files(
        "re-export exchanged",
        (_X, "from p import f", "%%task t\ny = f(x)"),
        {"p/__init__.py": "from .a import f", "p/a.py": "def f(a): return a", "p/b.py": "def f(a): return -a"},
        {"p/__init__.py": "from .b import f", "p/a.py": "def f(a): return a", "p/b.py": "def f(a): return -a"},
    ),
    Files(
        "re-exported function",
        (_X, "from p import f", "%%task t\ny = f(x)"),
        {"p/__init__.py": "from .a import f", "p/a.py": "def f(a): return a"},
        {"p/__init__.py": "from .a import f", "p/a.py": "def f(a): return -a"},
    ),
    Files(
        "relative import's target",
        (_X, "from p.a import f", "%%task t\ny = f(x)"),
        {"p/__init__.py": "", "p/a.py": "from .b import g\ndef f(a): return g(a)", "p/b.py": "def g(a): return a"},
        {"p/__init__.py": "", "p/a.py": "from .b import g\ndef f(a): return g(a)", "p/b.py": "def g(a): return -a"},
    ),
    Files(
        "relative import of the parent",
        (_X, "from p.q.a import f", "%%task t\ny = f(x)"),
        {
            "p/__init__.py": "",
            "p/k.py": "K = 1",
            "p/q/__init__.py": "",
            "p/q/a.py": "from .. import k\ndef f(a): return k.K",
        },
        {
            "p/__init__.py": "",
            "p/k.py": "K = 2",
            "p/q/__init__.py": "",
            "p/q/a.py": "from .. import k\ndef f(a): return k.K",
        },
    ),
    Files(
        "star import between modules",
        (_X, "from p import f", "%%task t\ny = f(x)"),
        {"p/__init__.py": "from .a import *", "p/a.py": "def f(a): return a"},
        {"p/__init__.py": "from .a import *", "p/a.py": "def f(a): return -a"},
    ),
    Files("default in a module", _M, {"mod.py": "def f(a, b=1): return b\n"}, {"mod.py": "def f(a, b=2): return b\n"}),
    Files(
        "keyword default none in a module",
        _M,
        {"mod.py": "def g(*, b): return b\ndef f(a): return a\n"},
        {"mod.py": "def g(*, b=None): return b\ndef f(a): return a\n"},
    ),
    Files(
        "namespace package",
        (_X, "from n.a import f", "%%task t\ny = f(x)"),
        {"n/a.py": "def f(a): return a"},
        {"n/a.py": "def f(a): return -a"},
    ),
    Files(
        "module shadows the library",
        (_X, "import colorsys as m", "%%task t\ny = m.__name__"),
        {},
        {"colorsys.py": "v = 1"},
    ),
    Files(
        "class in a module",
        (_X, "from mod import C\nc = C()", "%%task t\ny = c.m()"),
        {"mod.py": "class C:\n    def m(self): return 1\n"},
        {"mod.py": "class C:\n    def m(self): return 2\n"},
    ),
    Files(
        "global that a module's method reads",
        (_X, "from mod import C\nc = C()", "%%task t\ny = c.m()"),
        {"mod.py": "K = 1\nclass C:\n    def m(self): return K\n"},
        {"mod.py": "K = 2\nclass C:\n    def m(self): return K\n"},
    ),
    Files(
        "function of a module in a partial",
        (_X, "import functools, mod\ng = functools.partial(mod.f, 1)", "%%task t\ny = g()"),
        {"mod.py": "K = 1\ndef f(a): return K\n"},
        {"mod.py": "K = 2\ndef f(a): return K\n"},
    ),
    Files(
        "module patched",
        (_X, "import mod\nmod.K = 1", "%%task t\ny = mod.f(x)"),
        {"mod.py": "K = 0\ndef f(a): return K\n", "b.py": ""},
        {"mod.py": "K = 5\ndef f(a): return K + 1\n", "b.py": ""},
    ),
    Files(
        "module of a decorator",
        (_X, "from mod import d\n@d\ndef g(a): return a", "%%task t\ny = g(x)"),
        {"mod.py": "def d(f): return f\n"},
        {"mod.py": "def d(f): return lambda a: -a\n"},
    ),
    Files(
        "module of a base class",
        (_X, "from mod import B\nclass C(B): pass", "%%task t\ny = C().m()"),
        {"mod.py": "class B:\n    def m(self): return 1\n"},
        {"mod.py": "class B:\n    def m(self): return 2\n"},
    ),
    Files(
        "order in a module",
        _M,
        {"mod.py": "L = []\nL.append(1)\nL.append(2)\ndef f(a): return L\n"},
        {"mod.py": "L = []\nL.append(2)\nL.append(1)\ndef f(a): return L\n"},
    ),
    Files(
        "future in a module",
        _M,
        {"mod.py": "def f(a: int): return str(f.__annotations__)\n"},
        {"mod.py": "from __future__ import annotations\ndef f(a: int): return str(f.__annotations__)\n"},
    ),
    Files(
        "input path",
        ("from pathlib import Path", "%%params\nx: Path = Path('d.txt')", "%%task t\ny = x.read_text()"),
        {"d.txt": "one"},
        {"d.txt": "two"},
    ),
    Files(
        "input folder",
        ("from pathlib import Path", "%%params\nx: Path = Path('d')", "%%task t\ny = str(sorted(x.iterdir()))"),
        {"d/a": "1"},
        {"d/a": "1", "d/b": "2"},
    ),
    Files(
        "name of a file in an input folder",
        ("from pathlib import Path", "%%params\nx: Path = Path('d')", "%%task t\ny = str(sorted(x.iterdir()))"),
        {"d/a": "1"},
        {"d/b": "1"},
    ),
)

# -- calls -----------------------------------------------------------------------------------------------------------------

_T = "import taskcell\n"
_F = _T + "@taskcell.task\ndef f(a, b=1): return [a, b]\n"

SAME_CALLS = (
    Call("keyword order", _F, _F, "f(a=2, b=3)", "f(b=3, a=2)"),
    Call("positional or keyword", _F, _F, "f(2, 3)", "f(2, b=3)"),
    Call("default passed", _F, _F, "f(2)", "f(2, 1)"),
    Call("default passed by keyword", _F, _F, "f(2)", "f(2, b=1)"),
    Call(
        "order in keywords collected",
        _T + "@taskcell.task\ndef f(**k): return 1\n",
        _T + "@taskcell.task\ndef f(**k): return 1\n",
        "f(a=1, b=2)",
        "f(b=2, a=1)",
    ),
    Call("spread or written", _F, _F, "f(*[2, 3])", "f(**{'a': 2, 'b': 3})"),
    Call("retries", _F, _T + "@taskcell.task(retries=3)\ndef f(a, b=1): return [a, b]\n"),
    Call("timeout", _F, _T + "@taskcell.task(timeout_s=5.0)\ndef f(a, b=1): return [a, b]\n"),
    Call("decorator called", _F, _T + "@taskcell.task()\ndef f(a, b=1): return [a, b]\n"),
    Call("decorator under another name", _F, "from taskcell import task\n@task\ndef f(a, b=1): return [a, b]\n"),
    Call("decorator of an alias", _F, "import taskcell as tc\n@tc.task\ndef f(a, b=1): return [a, b]\n"),
    Call("moved down", _F, _T + "\n\n\nv = 1\n\n@taskcell.task\ndef f(a, b=1): return [a, b]\n"),
    Call("inside if", _F, _T + "if True:\n    @taskcell.task\n    def f(a, b=1): return [a, b]\n"),
    Call("called twice", _F, _F, "f(2)", "[f(2), f(2)]"),
    Call("equal argument of another object", _F, _F, "f([1, 2])", "f(list(range(1, 3)))"),
    Call(
        "calls the other task",
        _T + "@taskcell.task\ndef g(a): return a\n@taskcell.task\ndef f(a): return g(a)\n",
        _T + "@taskcell.task(retries=1)\ndef g(a): return a\n@taskcell.task\ndef f(a): return g(a)\n",
    ),
    Call(
        "helper's closure of the same value",
        _T + "def make(n):\n    @taskcell.task\n    def f(a): return a * n\n    return f\nf = make(2)\n",
        _T + "def make(n):\n    @taskcell.task\n    def f(a): return a * n\n    return f\nf = make(1 + 1)\n",
    ),
)

OTHER_CALLS = (
    Call("argument", _F, _F, "f(2)", "f(3)"),
    Call("argument's type", _F, _F, "f(1)", "f(1.0)"),
    Call("argument one or true", _F, _F, "f(1)", "f(True)"),
    Call("argument negative zero", _F, _F, "f(0.0)", "f(-0.0)"),
    Call("arguments swapped", _F, _F, "f(2, 3)", "f(3, 2)"),
    Call("argument none or left out", _F, _F, "f(2)", "f(2, None)"),
    Call("element moves between arguments", _F, _F, "f([1], [2, 3])", "f([1, 2], [3])"),
    Call("text moves between arguments", _F, _F, "f('a', 'bc')", "f('ab', 'c')"),
    Call(
        "star arguments or a list",
        _T + "@taskcell.task\ndef f(*a): return a\n",
        _T + "@taskcell.task\ndef f(*a): return a\n",
        "f(1, 2)",
        "f([1, 2])",
    ),
    Call(
        "keyword's name",
        _T + "@taskcell.task\ndef f(**k): return k\n",
        _T + "@taskcell.task\ndef f(**k): return k\n",
        "f(a=1)",
        "f(b=1)",
    ),
    Call("default edited", _F, _T + "@taskcell.task\ndef f(a, b=2): return [a, b]\n"),
    Call(
        "default's value from elsewhere",
        _T + "D = int('1')\n@taskcell.task\ndef f(a, b=D): return [a, b]\n",
        _T + "D = int('2')\n@taskcell.task\ndef f(a, b=D): return [a, b]\n",
    ),
    Call(
        "two lambdas on a line",
        _T + "f, g = taskcell.task(lambda a: a), taskcell.task(lambda a: -a)\n",
        _T + "g, f = taskcell.task(lambda a: a), taskcell.task(lambda a: -a)\n",
    ),
    Call(
        "two lambdas on one line",
        _T + "fs = [taskcell.task(lambda a: a + 1), taskcell.task(lambda a: a + 2)]\nf = fs[0]\n",
        _T + "fs = [taskcell.task(lambda a: a + 1), taskcell.task(lambda a: a + 2)]\nf = fs[1]\n",
    ),
    Call(
        "closure",
        _T + "def make(n):\n    @taskcell.task\n    def f(a): return a * n\n    return f\nf = make(2)\n",
        _T + "def make(n):\n    @taskcell.task\n    def f(a): return a * n\n    return f\nf = make(3)\n",
    ),
    Call(
        "function in a closure",
        _T + "def make(g):\n    @taskcell.task\n    def f(a): return g(a)\n    return f\nf = make(lambda a: a)\n",
        _T + "def make(g):\n    @taskcell.task\n    def f(a): return g(a)\n    return f\nf = make(lambda a: -a)\n",
    ),
    Call(
        "closure's variable of a global's name",
        _T
        + "def g(a): return a\ndef make(g):\n    @taskcell.task\n    def f(a): return g(a)\n    return f\nf = make(abs)\n",
        _T
        + "def g(a): return a\ndef make(g):\n    @taskcell.task\n    def f(a): return g(a)\n    return f\nf = make(g)\n",
    ),
    Call(
        "other decorator below",
        _T + "def d(g):\n    return lambda a: g(a) + 1\n@taskcell.task\n@d\ndef f(a): return a\n",
        _T + "def d(g):\n    return lambda a: g(a) + 2\n@taskcell.task\n@d\ndef f(a): return a\n",
    ),
    Call(
        "wrapping decorator below",
        _T
        + "import functools\ndef d(g):\n    @functools.wraps(g)\n    def w(a): return g(a) + 1\n    return w\n@taskcell.task\n@d\ndef f(a): return a\n",
        _T
        + "import functools\ndef d(g):\n    @functools.wraps(g)\n    def w(a): return g(a) + 2\n    return w\n@taskcell.task\n@d\ndef f(a): return a\n",
    ),
    Call(
        "decorator's argument below",
        _T
        + "import functools\ndef d(n):\n    def e(g):\n        @functools.wraps(g)\n        def w(a): return g(a) + n\n        return w\n    return e\nN = int('1')\n@taskcell.task\n@d(N)\ndef f(a): return a\n",
        _T
        + "import functools\ndef d(n):\n    def e(g):\n        @functools.wraps(g)\n        def w(a): return g(a) + n\n        return w\n    return e\nN = int('2')\n@taskcell.task\n@d(N)\ndef f(a): return a\n",
    ),
    Call(
        "global patched after the definition",
        _T + "def g(a): return a\n@taskcell.task\ndef f(a): return g(a)\n",
        _T + "def g(a): return a\n@taskcell.task\ndef f(a): return g(a)\ndef _(): globals()['g'] = lambda a: -a\n_()\n",
    ),
    Call(
        "global patched from outside",
        _T + "def g(a): return a\n@taskcell.task\ndef f(a): return g(a)\n",
        _T + "def g(a): return a\n@taskcell.task\ndef f(a): return g(a)\n",
        "f(2)",
        "[exec('g = lambda a: -a', globals()), f(2)]",
    ),
    Call(
        "constant patched from outside",
        _T + "K = 1\n@taskcell.task\ndef f(a): return a * K\n",
        _T + "K = 1\n@taskcell.task\ndef f(a): return a * K\n",
        "f(2)",
        "[globals().update(K=5), f(2)]",
    ),
    Call(
        "list filled by the calls before",
        _T + "L = []\n@taskcell.task\ndef f(a): return len(L)\n",
        _T + "L = []\n@taskcell.task\ndef f(a): return len(L)\n",
        "f(2)",
        "[L.append(1), f(2)]",
    ),
    Call(
        "attribute of a helper set from outside",
        _T + "def g(): pass\n@taskcell.task\ndef f(a): return vars(g)\n",
        _T + "def g(): pass\n@taskcell.task\ndef f(a): return vars(g)\n",
        "f(2)",
        "[setattr(g, 'v', 2), f(2)]",
    ),
    Call(
        "depth three",
        _T
        + "def i(a): return a\ndef h(a): return i(a)\ndef g(a): return h(a)\n@taskcell.task\ndef f(a): return g(a)\n",
        _T
        + "def i(a): return -a\ndef h(a): return i(a)\ndef g(a): return h(a)\n@taskcell.task\ndef f(a): return g(a)\n",
    ),
    Call(
        "deep patched from outside",
        _T + "K = 1\ndef h(a): return K\ndef g(a): return h(a)\n@taskcell.task\ndef f(a): return g(a)\n",
        _T + "K = 1\ndef h(a): return K\ndef g(a): return h(a)\n@taskcell.task\ndef f(a): return g(a)\n",
        "f(2)",
        "[exec('def h(a): return 9', globals()), f(2)]",
    ),
    Call(
        "default of a helper filled",
        _T + "def g(a, b=[]):\n    b.append(a)\n    return len(b)\n@taskcell.task\ndef f(a): return g(a)\n",
        _T + "def g(a, b=[]):\n    b.append(a)\n    return len(b)\n@taskcell.task\ndef f(a): return g(a)\n",
        "f(2)",
        "[g(1), f(2)]",
    ),
    Call(
        "method's instance",
        _T
        + "class C:\n    def __init__(s, v): s.v = v\n    @taskcell.task\n    def m(s, a): return s.v * a\nf = C.m\n",
        _T
        + "class C:\n    def __init__(s, v): s.v = v\n    @taskcell.task\n    def m(s, a): return s.v * a\nf = C.m\n",
        "C(1).m(2)",
        "C(2).m(2)",
    ),
    Call(
        "method's other method",
        _T + "class C:\n    def n(s): return 1\n    @taskcell.task\n    def m(s, a): return s.n()\nf = C.m\n",
        _T + "class C:\n    def n(s): return 2\n    @taskcell.task\n    def m(s, a): return s.n()\nf = C.m\n",
        "C().m(2)",
        "C().m(2)",
    ),
    Call(
        "other task's body",
        _T + "@taskcell.task\ndef g(a): return a\n@taskcell.task\ndef f(a): return g(a)\n",
        _T + "@taskcell.task\ndef g(a): return -a\n@taskcell.task\ndef f(a): return g(a)\n",
    ),
    Call(
        "loop variable in a default",
        _T
        + "fs = []\nfor k in [1, 2]:\n    @taskcell.task\n    def g(a, k=k): return a * k\n    fs.append(g)\nf = fs[0]\n",
        _T
        + "fs = []\nfor k in [1, 2]:\n    @taskcell.task\n    def g(a, k=k): return a * k\n    fs.append(g)\nf = fs[1]\n",
    ),
    Call(
        "keyword only without default or none",
        _T + "def g(*, b): return b\n@taskcell.task\ndef f(a): return a if g else 0\n",
        _T + "def g(*, b=None): return b\n@taskcell.task\ndef f(a): return a if g else 0\n",
    ),
    Call(
        "local class argument's code",
        _T + "class C:\n    def m(s): return 1\n@taskcell.task\ndef f(a): return a.m()\n",
        _T + "class C:\n    def m(s): return 2\n@taskcell.task\ndef f(a): return a.m()\n",
        "f(C())",
        "f(C())",
    ),
    Call(
        "function argument's code",
        _T + "def g(a): return a\n@taskcell.task\ndef f(h): return h(2)\n",
        _T + "def g(a): return -a\n@taskcell.task\ndef f(h): return h(2)\n",
        "f(g)",
        "f(g)",
    ),
    Call("lambda argument", _F, _F, "f(lambda v: v)", "f(lambda v: -v)"),
    Call(
        "branch at definition",
        _T
        + "import os\nif int('1'):\n    def g(a): return 1\nelse:\n    def g(a): return 2\n@taskcell.task\ndef f(a): return g(a)\n",
        _T
        + "import os\nif int('0'):\n    def g(a): return 1\nelse:\n    def g(a): return 2\n@taskcell.task\ndef f(a): return g(a)\n",
    ),
)

# -- refused: what can't be known has no key ------------------------------------------------------------------------------

REFUSED_BODIES = (
    Pair("exec of a constant", "d = {}\nexec('y = 1', d)\ny = d['y']", "d = {}\nexec('y = 2', d)\ny = d['y']"),
    Pair("evaluated text", "y = eval(str(x))", "y = eval(str(x))"),
    Pair("star import", "from math import *\ny = sin(x)", "from cmath import *\ny = sin(x)"),
    Pair("all globals", "y = len(globals())", "y = len(globals())"),
)

# -- a kernel sees what the text of the cells doesn't say: there it counts; a file is keyed as its text would run ----------

KERNEL_HELPERS = (
    Pair(
        "list changed through an alias",
        "K = []\nL = K\nL.append(1)\ndef f(a): return K",
        "K = []\nL = K\nL.append(2)\ndef f(a): return K",
    ),
    Pair(
        "list changed as an argument",
        "K = [3, 1]\ndef change(l, n): l.append(n)\nchange(K, 1)\ndef f(a): return K",
        "K = [3, 1]\ndef change(l, n): l.append(n)\nchange(K, 2)\ndef f(a): return K",
    ),
)
KERNEL_CELLS = (
    Cells(
        "constant changed by a helper's argument",
        (_X, "N = [1]\ndef add(l): l.append(2)", "%%task t\ny = N"),
        (_X, "N = [1]\ndef add(l): l.append(2)", "add(N)", "%%task t\ny = N"),
    ),
    Cells(
        "constant changed by a method",
        (
            _X,
            "class S:\n    def __init__(s, l): s.l = l\n    def add(s): s.l.append(2)\nN = [1]\ns = S(N)",
            "%%task t\ny = N",
        ),
        (
            _X,
            "class S:\n    def __init__(s, l): s.l = l\n    def add(s): s.l.append(2)\nN = [1]\ns = S(N)",
            "s.add()",
            "%%task t\ny = N",
        ),
    ),
    Cells(
        "mutable default filled",
        (_X, "def f(a, b=[]):\n    b.append(a)\n    return b", "f(1)", "%%task t\ny = len(f(x))"),
        (_X, "def f(a, b=[]):\n    b.append(a)\n    return b", "f(1); f(2)", "%%task t\ny = len(f(x))"),
    ),
    Cells(
        "mutable default filled below",
        (_X, "def g(a, seen=set()): seen.add(a); return len(seen)\ndef f(a): return g(a)", "%%task t\ny = f(x)"),
        (
            _X,
            "def g(a, seen=set()): seen.add(a); return len(seen)\ndef f(a): return g(a)",
            "f(9)",
            "%%task t\ny = f(x)",
        ),
    ),
    Cells(
        "attribute kept by a helper",
        (_X, "def f(a):\n    f.n = getattr(f, 'n', 0) + 1\n    return f.n", "%%task t\ny = f(x)"),
        (_X, "def f(a):\n    f.n = getattr(f, 'n', 0) + 1\n    return f.n", "f(1)", "%%task t\ny = f(x)"),
    ),
    Cells("parameter tried out", (_X, "%%task t\ny = x"), (_X, "x = 3", "%%task t\ny = x")),
)

# -- decided: dicts that are equal are one value, in whatever order they were filled; written as a constant they are code --

EQUAL_HELPERS = (
    Pair(
        "dict order of insertion",
        "N = {}\nN['a'] = 1\nN['b'] = 2\ndef f(a): return list(N)",
        "N = {}\nN['b'] = 2\nN['a'] = 1\ndef f(a): return list(N)",
    ),
)

# -- state that has no text: the first edition has a key, the second has none and is executed each time ---------------------

UNKEYED_CELLS = (
    Cells(
        "attribute counted by a class",
        (_X, "class C:\n    n = 0\n    def __init__(self): C.n += 1", "%%task t\ny = C().n + x"),
        (_X, "class C:\n    n = 0\n    def __init__(self): C.n += 1", "C()", "%%task t\ny = C().n + x"),
    ),
)
UNKEYED_CALLS = (
    Call(
        "class patched from outside",
        _T + "class C:\n    v = 1\n@taskcell.task\ndef f(a): return C.v\n",
        _T + "class C:\n    v = 1\n@taskcell.task\ndef f(a): return C.v\n",
        "f(2)",
        "[setattr(C, 'v', 2), f(2)]",
    ),
    Call(
        "class given a method from outside",
        _T + "class C:\n    pass\n@taskcell.task\ndef f(a): return hasattr(C, 'm')\n",
        _T + "class C:\n    pass\n@taskcell.task\ndef f(a): return hasattr(C, 'm')\n",
        "f(2)",
        "[setattr(C, 'm', len), f(2)]",
    ),
)

# -- known limits: wrong, and said in docs/known-limits.md. A pair that is mended moves up ---------------------------------

LIMIT_CALLS = (
    Call(
        "constant dict order",
        _T + "N = {'a': 1, 'b': 2}\n@taskcell.task\ndef f(a): return list(N)\n",
        _T + "N = {'b': 2, 'a': 1}\n@taskcell.task\ndef f(a): return list(N)\n",
    ),
)
