"""What CPython's compiler made of a cell: which names its bytecode loads before it stored them.

The other side of a comparison with the analyser, so nothing of it is used here. Flow through the bytecode of
the cell, of class bodies and of comprehensions is followed exactly; functions, lambdas and generators run at
an unknown time after they are made, so that the answer is a pair of bounds: what is read and bound at least,
and at most.
"""

from __future__ import annotations

import dis
import itertools
import types
from collections.abc import Iterator
from dataclasses import dataclass, field

_COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>")
_LOADS = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")
_NO_WAY_ON = ("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "INTERPRETER_EXIT")
_JUMPS = ("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_ABSOLUTE", "JUMP")
_SAFE = frozenset(
    [
        "LOAD_CONST",
        "STORE_NAME",
        "STORE_GLOBAL",
        "STORE_FAST",
        "LOAD_FAST",
        "NOP",
        "POP_TOP",
        "RESUME",
        "PUSH_NULL",
        "PUSH_EXC_INFO",
        "POP_EXCEPT",
        "COPY",
        "SWAP",
        "MAKE_CELL",
        "CACHE",
        "PRECALL",
        "KW_NAMES",
        "LOAD_SMALL_INT",
        "LOAD_FAST_BORROW",
        "NOT_TAKEN",
        "JUMP_FORWARD",
        "JUMP_BACKWARD",
        "RETURN_VALUE",
        "RETURN_CONST",
        "IS_OP",
        "POP_JUMP_FORWARD_IF_NONE",
        "POP_JUMP_FORWARD_IF_NOT_NONE",
        "BUILD_TUPLE",
        "LOAD_CLOSURE",
    ]
)
"""Instructions that do not raise, when a name that they load is there."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Names read and bound, at least and at most."""

    reads: frozenset[str]
    may_read: frozenset[str]
    writes: frozenset[str]
    may_write: frozenset[str]


@dataclass(frozen=True, slots=True)
class _State:
    """``gone``: the value from before the cell is not there on any path; ``bound``: bound on some path."""

    gone: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()

    def join(self, other: _State) -> _State:
        return _State(self.gone & other.gone, self.bound | other.bound)

    def store(self, name: str) -> _State:
        return _State(self.gone | {name}, self.bound | {name})

    def delete(self, name: str) -> _State:
        return _State(self.gone | {name}, self.bound - {name})


@dataclass(slots=True)
class _Notes:
    reads: set[str] = field(default_factory=set)
    later: dict[str, set[str]] = field(default_factory=dict)
    """Names that code reads which runs later, with marks that are ``gone`` on every path on which it was made."""
    stored_later: set[str] = field(default_factory=set)
    raised: list[_State] = field(default_factory=list)


def bounds(code: types.CodeType) -> Bounds:
    """Return what the compiled cell reads and binds."""
    notes = _Notes()
    end = _flow(code, _State(), notes, own=None)
    if end is None:
        end = _State()
        for position, state in enumerate(notes.raised):
            end = state if not position else end.join(state)
    later = {name for name, marks in notes.later.items() if marks & end.gone}
    sure = notes.reads | (later - end.gone - notes.stored_later)
    raised: frozenset[str] = frozenset().union(*(state.bound for state in notes.raised))
    return Bounds(
        reads=frozenset(sure),
        may_read=frozenset(notes.reads | notes.later.keys()),
        writes=end.bound - notes.stored_later,
        may_write=end.bound | raised | notes.stored_later,
    )


def code_objects(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield a code object and all inside it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from code_objects(const)


def _flow(code: types.CodeType, start: _State, notes: _Notes, own: str | None) -> _State | None:
    """Follow every path; return the state where the code is left normally. ``own``: prefix of a class's names."""
    listing = list(dis.get_instructions(code))
    instructions = {each.offset: each for each in listing}
    offsets = sorted(instructions)
    following = dict(zip(offsets, [*offsets[1:], None], strict=True))
    for before_loop, loop in itertools.pairwise(listing):
        if loop.opname == "FOR_ITER" and before_loop.opname == "GET_ITER" and _runs(listing, before_loop):
            first = loop.offset + 1  # no instruction has an odd offset: the loop when it is entered
            instructions[first], following[first] = loop, following[loop.offset]
            following[before_loop.offset] = first
    handlers = [(entry.start, entry.end, entry.target) for entry in dis.Bytecode(code).exception_entries]
    states: dict[int, _State] = {offsets[0]: start}
    work = [offsets[0]]
    end: _State | None = None
    while work:
        at = work.pop()
        instruction, before = instructions[at], states[at]
        after = _step(instruction, before, notes, own)
        goes: list[tuple[int, _State]] = []
        if instruction.opname in ("RETURN_VALUE", "RETURN_CONST"):
            end = after if end is None else end.join(after)
        elif instruction.opname == "RAISE_VARARGS" and not any(a <= at < b for a, b, _ in handlers):
            notes.raised.append(after)
        if _may_raise(instruction, before):
            goes += [(target, before.join(after)) for first, last, target in handlers if first <= at < last]
        entered = at != instruction.offset
        goes += [
            (target, after)
            for target in _successors(instruction, following[at], instructions)
            if not entered or target == following[at]
        ]
        for target, state in goes:
            known = states.get(target)
            joined = state if known is None else known.join(state)
            if joined != known:
                states[target] = joined
                work.append(target)
    return end


def _runs(listing: list[dis.Instruction], get_iter: dis.Instruction) -> bool:
    """Whether the loop is over a constant, or a range of constants, that is not empty."""
    at = listing.index(get_iter)
    before = [each for each in listing[max(0, at - 8) : at] if each.opname not in ("PRECALL", "PUSH_NULL", "NOP")]
    if not before:
        return False
    last = before[-1]
    if last.opname == "LOAD_CONST":
        return isinstance(last.argval, tuple | str | frozenset) and bool(last.argval)
    if last.opname in ("BUILD_LIST", "BUILD_TUPLE", "BUILD_SET", "BUILD_MAP"):
        return bool(last.arg)
    if last.opname in ("LIST_EXTEND", "SET_UPDATE") and before[-2].opname == "LOAD_CONST":
        return bool(before[-2].argval)
    if last.opname == "CALL" and last.arg and len(before) >= last.arg + 2:
        function, *arguments = before[-2 - last.arg : -1]
        if function.argval == "range" and all(each.opname == "LOAD_CONST" for each in arguments):
            return len(range(*(each.argval for each in arguments))) > 0
    return False


def _successors(
    instruction: dis.Instruction, following: int | None, instructions: dict[int, dis.Instruction]
) -> Iterator[int]:
    name = instruction.opname
    jumps = instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs
    after_exit = name.startswith("POP_JUMP") and _follows_exit(instruction.offset, instructions)
    if jumps and not after_exit:  # what a context manager does with an exception is not known: it goes on
        yield instruction.argval
    if name not in _NO_WAY_ON and name not in _JUMPS and following is not None:
        yield following


def _follows_exit(offset: int, instructions: dict[int, dis.Instruction]) -> bool:
    """Whether a jump asks what ``__exit__`` said; the awaiting of ``__aexit__`` may stand between."""
    for at in range(offset - 2, max(0, offset - 60), -2):
        name = instructions[at].opname if at in instructions else ""
        if name == "WITH_EXCEPT_START" or name.startswith("POP_JUMP"):
            return name == "WITH_EXCEPT_START"
    return False


def _may_raise(instruction: dis.Instruction, before: _State) -> bool:
    if instruction.opname in _LOADS:
        return instruction.argval not in before.bound or instruction.argval not in before.gone
    return instruction.opname not in _SAFE


def _step(instruction: dis.Instruction, state: _State, notes: _Notes, own: str | None) -> _State:
    name, value = instruction.opname, instruction.argval
    if name in _LOADS:
        if name != "LOAD_GLOBAL" and own is not None and own + value in state.gone & state.bound:
            return state
        if value not in state.gone:
            notes.reads.add(value)
    elif name in ("STORE_NAME", "DELETE_NAME") and own is not None:
        return state.store(own + value) if name == "STORE_NAME" else _State(state.gone, state.bound - {own + value})
    elif name in ("STORE_NAME", "STORE_GLOBAL"):
        return state.store(value)
    elif name in ("DELETE_NAME", "DELETE_GLOBAL"):
        if value not in state.gone:
            notes.reads.add(value)
        return state.delete(value)
    elif name == "LOAD_CONST" and isinstance(value, types.CodeType):
        return _made(value, state, notes)
    return state


def _made(code: types.CodeType, state: _State, notes: _Notes) -> _State:
    """Follow code that runs where it is made; note the names of other code."""
    if code.co_name in _COMPREHENSIONS or code.co_name.startswith("<generic parameters"):
        return _flow(code, state, notes, own=None) or state
    if _is_class(code):
        end = _flow(code, state, notes, own=f"{id(code)}.") or state
        mine = {name for name in end.bound | end.gone if "." in name}
        return _State(end.gone - mine, end.bound - mine)
    for each in code_objects(code):
        own = {i.argval for i in dis.get_instructions(each) if i.opname == "STORE_NAME"}
        for instruction in dis.get_instructions(each):
            name, value = instruction.opname, instruction.argval
            if name in _LOADS and value not in state.gone and not (name != "LOAD_GLOBAL" and value in own):
                notes.later.setdefault(value, set()).add(f"<{id(code)}>")
            elif name in ("STORE_GLOBAL", "DELETE_GLOBAL"):
                notes.stored_later.add(value)
    return _State(state.gone | {f"<{id(code)}>"}, state.bound)


def _is_class(code: types.CodeType) -> bool:
    return any(i.opname == "STORE_NAME" and i.argval == "__qualname__" for i in dis.get_instructions(code))
