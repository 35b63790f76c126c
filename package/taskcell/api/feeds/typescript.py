"""TypeScript types of all payloads, operations and events: ``python -m taskcell.api.feeds.typescript``.

What is sent out has all of its fields, so that a view never asks whether one is there; what is asked may leave out
whatever has a default.
"""

from __future__ import annotations

import enum
import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect as shapes

from taskcell.api.feeds import contracts, operations
from taskcell.views import bundles, events, faults

_HEAD = """\
// Made from the Python side by `python -m taskcell.api.feeds.typescript`; not edited by hand. A test checks that it agrees.
//
// Everything that Python sends has all of its fields. Times are ISO texts in UTC, durations seconds (`_s`), sizes bytes.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A notebook in the JSON form of nbformat 4. */
export interface NotebookJson {
  cells: { [key: string]: Json }[];
  metadata: { [key: string]: Json };
  nbformat: number;
  nbformat_minor: number;
}

/** Bytes to be saved as a file: by address only, never over a comm. */
export type Attachment = never;
"""


def typescript() -> str:
    """Return the whole file."""
    return _Writer().whole()


class _Writer:
    """Collects named types while fields are written."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._kinds: dict[str, type] = {}

    def whole(self) -> str:
        payloads = [self._reference(kind) for kind in _members(bundles.View)]
        table = [self._operation(item) for item in operations.OPERATIONS.values()]
        feed = [self._reference(kind) for kind in _members(events.Event)]
        self._reference(faults.Fault)
        extra = {self._reference(item.result) for item in operations.OPERATIONS.values()} - {"Attachment"}
        every = sorted({*payloads, *extra})
        return "\n".join(
            [
                _HEAD,
                *(self._texts[name] for name in sorted(self._texts)),
                f"/** What a view can be given first, and what an operation gives. */\n{_union('Payload', every)}",
                f"/** What comes by `subscribe`, told apart by `event`. */\n{_union('FeedEvent', feed)}",
                "/** Every operation: what it is given, what it gives. */\nexport interface Operations {",
                *table,
                "}\n",
                "/** Where a server offers each operation, below `/taskcell/api`. */",
                "export const ROUTES: { readonly [K in keyof Operations]: "
                '{ readonly method: "GET" | "POST"; readonly path: string } } = {',
                *(
                    f'  "{item.name}": {{ method: "{item.method}", path: "{item.path}" }},'
                    for item in operations.OPERATIONS.values()
                ),
                "};\n",
                f"/** Version of these payloads. */\nexport const SCHEMA = {contracts.SCHEMA};\n",
            ]
        )

    def _operation(self, item: contracts.Operation) -> str:
        params = self._reference(item.params, asked=True)
        return (
            f'  /** {item.summary} */\n  "{item.name}": {{ params: {params}; result: {self._reference(item.result)} }};'
        )

    def _reference(self, kind: type, *, asked: bool = False) -> str:
        return self._written(shapes.type_info(kind), asked)

    def _written(self, info: shapes.Type, asked: bool) -> str:
        match info:
            case shapes.StructType():
                return self._struct(info, asked)
            case shapes.EnumType():
                return self._enum(info)
            case shapes.Metadata():
                return self._written(info.type, asked)
            case shapes.UnionType():
                members = dict.fromkeys(self._written(one, asked) for one in info.types)
                return " | ".join(members)
            case shapes.VarTupleType() | shapes.ListType():
                inner = self._written(info.item_type, asked)
                return f"({inner})[]" if " | " in inner else f"{inner}[]"
            case shapes.TupleType():
                return f"[{', '.join(self._written(one, asked) for one in info.item_types)}]"
            case shapes.DictType():
                return f"{{ [key: string]: {self._written(info.value_type, asked)} }}"
            case shapes.LiteralType():
                return " | ".join(_text(value) for value in info.values)
        return _plain(info)

    def _struct(self, info: shapes.StructType, asked: bool) -> str:
        kind = info.cls
        if kind is contracts.Attachment:
            return "Attachment"
        name = kind.__name__
        if kind.__module__.endswith(".requests"):
            name += "Params" if not name.endswith("Params") else ""
        if self._kinds.setdefault(name, kind) is not kind:
            raise AssertionError(f"{kind} and {self._kinds[name]} have one name")
        if name not in self._texts:
            self._texts[name] = ""  # a type may hold itself
            self._texts[name] = (
                f"export type {name} = Record<string, never>;\n"
                if not info.fields
                else "\n".join(
                    [*_comment(_doc(kind)), f"export interface {name} {{", *self._fields(info, asked), "}\n"]
                )
            )
        return name

    def _fields(self, info: shapes.StructType, asked: bool) -> Iterator[str]:
        config = info.cls.__struct_config__
        if info.tag is not None and info.tag_field is not None:
            yield f"  {info.tag_field}: {_text(info.tag)};"
        for field in info.fields:
            optional = "?" if (asked and not field.required) or (config.omit_defaults and not field.required) else ""
            yield f"  {field.encode_name}{optional}: {self._written(field.type, asked)};"

    def _enum(self, info: shapes.EnumType) -> str:
        name = info.cls.__name__
        if name not in self._texts:
            words = " | ".join(_text(member.value) for member in info.cls)
            self._texts[name] = f"export type {name} = {words};\n"
        return name


def _members(union: Any) -> tuple[type, ...]:
    return tuple(union.__args__)


def _plain(info: shapes.Type) -> str:
    match info:
        case shapes.NoneType():
            return "null"
        case shapes.BoolType():
            return "boolean"
        case shapes.IntType() | shapes.FloatType():
            return "number"
        case shapes.StrType() | shapes.DateTimeType() | shapes.BytesType():
            return "string"
        case shapes.RawType():
            return "NotebookJson"
        case shapes.AnyType():
            return "Json"
    raise TypeError(f"There is no TypeScript type for {info}.")


def _union(name: str, members: list[str]) -> str:
    return f"export type {name} =\n" + "\n".join(f"  | {member}" for member in members) + ";\n"


def _text(value: object) -> str:
    shown = value.value if isinstance(value, enum.Enum) else value
    return msgspec.json.encode(shown).decode()


def _doc(kind: type) -> str:
    return re.sub(r"`{2}", "`", inspect.cleandoc(kind.__doc__ or "")).replace("*/", "* /")


def _comment(text: str) -> list[str]:
    lines = text.splitlines()
    if len(lines) <= 1:
        return [f"/** {text} */"] if text else []
    return ["/**", *(f" * {line}".rstrip() for line in lines), " */"]


if __name__ == "__main__":
    sys.stdout.write(typescript())
