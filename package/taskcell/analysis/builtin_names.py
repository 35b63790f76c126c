"""Fixed word lists: builtins, names of a session, methods and functions that change things in place.

They are written down, not asked from the interpreter, so that a cell has the same names on every Python and
in a session where ``builtins`` was added to.
"""

from __future__ import annotations

import re


def words(text: str) -> frozenset[str]:
    """Return the words of a text: how the lists of this layer are written."""
    return frozenset(text.split())


BUILTINS = words(
    """
    ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError
    BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError
    ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning
    EnvironmentError Exception ExceptionGroup False FileExistsError FileNotFoundError FloatingPointError
    FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError
    InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError
    ModuleNotFoundError NameError None NotADirectoryError NotImplemented NotImplementedError OSError
    OverflowError PendingDeprecationWarning PermissionError ProcessLookupError PythonFinalizationError
    RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration
    StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError True TypeError
    UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError
    UnicodeWarning UserWarning ValueError Warning WindowsError ZeroDivisionError __annotations__
    __build_class__ __builtins__ __cached__ __debug__ __doc__ __file__ __import__ __loader__ __name__
    __package__ __path__ __spec__ abs aiter all anext any ascii bin bool breakpoint bytearray bytes
    callable chr classmethod compile complex copyright credits delattr dict dir display divmod enumerate
    eval exec exit filter float format frozenset get_ipython getattr globals hasattr hash help hex id
    input int isinstance issubclass iter len license list locals map max memoryview min next object oct
    open ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str
    sum super tuple type vars zip
    """
)
"""Builtins of Python 3.11 to 3.14, a module's own dunder names, and what IPython adds."""

_SESSION = re.compile(r"_{1,3}|_exit_code|_i{1,3}|_i?[0-9]+|Out|In|_oh|_ih|_dh|_sh")


def is_session_name(name: str) -> bool:
    """Whether a name is kept by the interactive session (``_``, ``_1``, ``_i``, ``Out``, ``In`` …)."""
    return _SESSION.fullmatch(name) is not None


VALUE_MUTATORS = words(
    """
    pop popitem popleft setdefault fit fit_transform fit_predict partial_fit
    __setitem__ __delitem__ __setattr__ __delattr__ __iadd__ __ior__
    intersection_update symmetric_difference_update difference_update
    """
)
"""Methods that change their object and may return something."""

QUIET_MUTATORS = words(
    """
    append extend insert remove clear sort reverse update add discard appendleft extendleft rotate move_to_end
    subtract fill itemset setflags resize partition load_state_dict
    """
)
"""Methods that change their object and return None: where the value is used, it is another method
of that name (``df.add(1)``, ``np.sort(x)``)."""

MODULES = words(
    """
    os np numpy pd pandas plt torch tf jnp scipy sp sns operator heapq bisect copy shutil re math random
    itertools functools stats sm smf nn pl polars xr da dd pa pc nx cv2 px go sk sklearn requests json time
    signal shlex warnings
    """
)
"""Names that are modules by custom: ``os.remove(path)`` changes no object called ``os``."""

MODULE_STATE = frozenset({"environ", "path", "rcParams", "modules", "options"})
"""Objects inside modules that are changed as such: ``os.environ.update(…)``."""

FIRST_ARGUMENT_MUTATORS = words(
    """
    heappush heappop heapify heappushpop heapreplace insort insort_left insort_right setattr delattr copyto
    fill_diagonal putmask place setitem delitem __setattr__ __delattr__
    """
)
"""Functions that change their first argument, wherever they come from."""

MUTABLE_TYPES = frozenset({"list", "dict", "set", "bytearray", "deque", "object", "OrderedDict", "Counter"})
"""Types whose methods may be called as functions: ``list.append(x, 1)``."""

LAZY_CALLERS = words(
    """
    map filter enumerate zip reversed iter partial partialmethod Thread Process Timer property cached_property
    staticmethod classmethod lru_cache cache wraps singledispatch defaultdict dataclass field print isinstance
    issubclass type id hash callable repr str hasattr update_wrapper cycle chain islice starmap takewhile
    dropwhile FunctionTransformer on_click observe add_done_callback delayed signature getsource njit jit
    vectorize contextmanager asynccontextmanager total_ordering
    """
)
"""Callables that keep a function, or look at it, without calling it."""

HOLDERS = frozenset({"append", "add", "insert", "extend", "setdefault", "update", "put", "appendleft"})
"""Methods by which a container keeps its argument."""

ELEMENT_CALLS = frozenset({"enumerate", "zip", "reversed", "iter", "filter", "list", "tuple", "sorted", "set", "dict"})
"""Builtins whose result holds the elements of their arguments."""

ELEMENT_METHODS = frozenset(
    {"items", "values", "get", "setdefault", "__getitem__", "copy", "pop", "popitem", "popleft"}
)
"""Methods that hand out parts of their object."""

SWALLOWING = frozenset({"suppress", "raises", "assertRaises", "assertRaisesRegex", "ignored", "assert_raises"})
"""Context managers that may end their body early and go on."""

CLASS_NAMES = frozenset({"__module__", "__qualname__", "__classdict__", "__static_attributes__", "__firstlineno__"})
"""Names that a class body has from its start."""
