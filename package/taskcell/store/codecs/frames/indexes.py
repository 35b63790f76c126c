"""A pandas index as columns and a note, and back.

Column labels are short and mostly texts: they stand in the note, as JSON, if that gives back the same index.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from taskcell import errors
from taskcell.hashing import frames
from taskcell.hashing.values import digest_value
from taskcell.store.codecs import plain
from taskcell.store.codecs.frames import columns

Note = dict[str, Any]
Hold = Callable[[Any], int]


def write(index: pd.Index[Any], hold: Hold) -> tuple[Note, list[Any]]:
    """Return an index's note and its Arrow arrays (None where an array is held as a child)."""
    if isinstance(index, pd.MultiIndex):
        return _write_levels(index, hold)
    name = plain.Writer().write(index.name)
    if isinstance(index, pd.RangeIndex):
        return {"kind": "range", "steps": [index.start, index.stop, index.step], "name": name}, []
    note, array = columns.write(index, hold)
    freq = _frequency(index)
    if freq is not None and not frames.is_said(index.freq):  # type: ignore[attr-defined]
        freq = {"child": hold(index.freq)}  # type: ignore[attr-defined]
    return {"kind": "index", "column": note, "name": name, "freq": freq}, [array]


def _frequency(index: pd.Index[Any]) -> Any:
    return index.freqstr if isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex)) else None


def _write_levels(index: pd.MultiIndex, hold: Hold) -> tuple[Note, list[Any]]:
    notes: list[Note] = []
    arrays: list[Any] = []
    for codes, level in zip(index.codes, index.levels, strict=True):
        if isinstance(level, pd.CategoricalIndex):  # categories of categories are not a thing
            notes.append({"kind": "level", "number": hold((np.asarray(codes), level))})
            arrays.append(None)
            continue
        values = pd.Categorical.from_codes(codes, level, validate=False)
        note, array = columns.write(pd.Series(values), hold)
        notes.append(note)
        arrays.append(array)
    return {"kind": "levels", "columns": notes, "names": plain.Writer().write(list(index.names))}, arrays


def read(note: Note, arrays: list[Any], memory: columns.Memory, fetch: Callable[[int], Any]) -> pd.Index[Any]:
    """Return the index; ``arrays`` are its columns in order, None for a child."""
    if note["kind"] == "levels":
        return _read_levels(note, arrays, memory, fetch)
    name = plain.Reader().read(note["name"])
    if note["kind"] == "range":
        start, stop, step = note["steps"]
        return pd.RangeIndex(start, stop, step, name=name)
    values = columns.read(note["column"], arrays[0], memory, fetch)
    make: Any = pd.Index
    keep = {"dtype": object} if values.dtype.kind == "O" and isinstance(values, np.ndarray) else {}
    index = make(values, name=name, copy=False, **keep)
    if note["freq"] is not None:
        index.freq = note["freq"] if isinstance(note["freq"], str) else fetch(note["freq"]["child"])
    return index  # type: ignore[no-any-return]


def _read_levels(note: Note, arrays: list[Any], memory: columns.Memory, fetch: Any) -> pd.MultiIndex:
    codes: list[Any] = []
    levels: list[Any] = []
    for described, array in zip(note["columns"], arrays, strict=True):
        if described["kind"] == "category":
            places, level = columns.read_codes(described, array, memory, fetch)
        elif described["kind"] == "level":
            places, level = fetch(described["number"])
        else:
            held = columns.read(described, array, memory, fetch)
            places, level = held.codes, held.categories
        codes.append(places)
        levels.append(level)
    names = plain.Reader().read(note["names"])
    return pd.MultiIndex(levels=levels, codes=codes, names=names, verify_integrity=False, copy=False)


# --- labels -----------------------------------------------------------------------------------------------


def write_labels(index: pd.Index[Any], hold: Hold) -> Note:
    """Return the note of a frame's column labels."""
    try:
        note = {
            "kind": "multi" if isinstance(index, pd.MultiIndex) else "labels",
            "dtype": str(index.dtype),
            "names": plain.Writer().write(list(index.names)),
            "values": plain.Writer().write(index.tolist()),
        }
        if digest_value(read_labels(note, _no_child)) == digest_value(index):
            return note
    except (plain.NotPlainError, TypeError, ValueError, errors.UnstorableError):
        return {"kind": "child", "number": hold(index)}
    return {"kind": "child", "number": hold(index)}


def read_labels(note: Note, fetch: Callable[[int], Any]) -> pd.Index[Any]:
    """Return a frame's column labels."""
    if note["kind"] == "child":
        found: pd.Index[Any] = fetch(note["number"])
        return found
    names, values = plain.Reader().read(note["names"]), plain.Reader().read(note["values"])
    if note["kind"] == "multi":
        return pd.MultiIndex.from_tuples(values, names=names)
    made: pd.Index[Any] = pd.Index(values, dtype=note["dtype"], name=names[0])
    return made


def _no_child(number: int) -> Any:
    raise ValueError(f"no child {number}")
