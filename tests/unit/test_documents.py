"""The documents say what is so: links lead somewhere, what is named exists, what exists is described."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import taskcell
from taskcell import errors
from taskcell.cli import arguments, commands, registry
from taskcell.magics import cells, displaying, lines
from taskcell.model.cells import Cell, CellKind
from taskcell.model.settings import KubernetesSettings, Settings
from taskcell.notebook import headers, options, parameters

ROOT = Path(__file__).parents[2]
MANUAL = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
IPYTHON_MAGICS = {"load_ext", "run", "time", "store"}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path) -> Iterator[tuple[str, str]]:
    """Yield language and text of each fenced block."""
    for found in _FENCE.finditer(path.read_text(encoding="utf-8")):
        yield found[1], found[2]


def code(path: Path) -> Iterator[str]:
    """Yield everything that is set as code: blocks and spans."""
    text = path.read_text(encoding="utf-8")
    yield from (found[2] for found in _FENCE.finditer(text))
    yield from re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as the manual's builder makes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings]
    return {re.sub(r"[\s-]+", "-", heading) for heading in plain}


class Registry:
    """Stands for a shell: takes the names of line magics."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def register_magic_function(self, function: Callable[[str], Any], kind: str, name: str) -> None:
        self.names.add(name)


def line_magics() -> set[str]:
    registry: Any = Registry()
    session: Any = None
    lines.register(registry, session, displaying.Displaying(registry, lambda: False), lambda *_: False)
    found: set[str] = registry.names
    return found


def commands_in(path: Path) -> list[str]:
    """Return command lines and line magics of blocks, as commands; those that are shortened with … left out."""
    known = registry.by_name()
    found = []
    for language, text in blocks(path):
        for line in text.splitlines():
            words = line.strip().removeprefix("$ ")
            magic = re.match(r"%(\w+)(.*)", words)
            if magic and language == "python" and magic[1] in known:
                words = f"taskcell {magic[1]}{magic[2]}"
            if words.startswith("taskcell ") and "…" not in words:
                found.append(words.partition("  #")[0])
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", path.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), f"{name_of(path)} links to {link}"
        if anchor:
            assert anchor in anchors(file), f"{name_of(path)} links to {link}; headings: {sorted(anchors(file))}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_magics_that_are_named_exist(path: Path) -> None:
    cell_magics = set(cells.CellMagics.magics["cell"])
    for text in code(path):
        for percents, name in re.findall(r"(?<![\w%=])(%%?)([a-z]\w+)", text):
            known = cell_magics | IPYTHON_MAGICS if percents == "%%" else line_magics() | IPYTHON_MAGICS | cell_magics
            assert name in known, f"{name_of(path)} names {percents}{name}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_verbs_that_are_named_exist(path: Path) -> None:
    for text in code(path):
        for name in re.findall(r"^taskcell ([a-z]+)\b", text, re.MULTILINE):
            assert name in registry.by_name(), f"{name_of(path)} names taskcell {name}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_commands_that_are_shown_can_be_read(path: Path) -> None:
    for command in commands_in(path):
        words = shlex.split(command)[1:]
        if words[0].startswith("-"):
            continue
        verb = registry.by_name()[words[0]]
        try:
            commands._parser(verb, f"taskcell {words[0]}", command=True).parse_args(words[1:])
        except arguments.HelpAskedError:
            pass
        except errors.InvalidInputError as exc:
            pytest.fail(f"{name_of(path)} shows {command!r}: {exc}")


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_python_that_is_shown_can_be_read(path: Path) -> None:
    for language, text in blocks(path):
        if language != "python":
            continue
        cell = Cell(source=text)
        match headers.kind_of(text):
            case CellKind.TASK:
                ast.parse(headers.parse_task_cell(cell).body)
            case CellKind.PARAMS:
                assert parameters.parse_params(cell)
            case CellKind.PLAIN:
                ast.parse("\n".join(line for line in text.splitlines() if not line.startswith("%")))


@pytest.mark.parametrize("path", [ROOT / "README.md", *MANUAL], ids=name_of)
def test_public_names_that_are_used_exist(path: Path) -> None:
    modules = {"api", "errors", "model", "store", "testing", "toml"}
    for text in code(path):
        for name in re.findall(r"(?<![\w./~:-])taskcell\.([A-Za-z_]\w*)", text):
            assert name in {*taskcell.__all__, *modules} or "/" in text, f"{name_of(path)} names taskcell.{name}"


def test_every_verb_and_option_is_described() -> None:
    page = text_of("docs/cli.md")
    everywhere = page + text_of("docs/runs.md") + text_of("docs/reproducing.md")
    for verb in registry.all_verbs():
        assert f"| `{verb.name}` |" in page, f"docs/cli.md lacks {verb.name}"
        for action in commands._parser(verb, verb.name, command=True)._actions:
            longest = max(action.option_strings, key=len, default="")
            if longest in ("", "--help", "--message", "--parameter", "--limit", "--output"):
                continue  # shown by their short form
            assert longest in everywhere, f"docs/cli.md lacks {verb.name} {longest}"


def test_every_line_magic_is_described() -> None:
    manual = "".join(path.read_text(encoding="utf-8") for path in MANUAL)
    for name in line_magics():
        assert f"`%{name}" in manual, f"the manual lacks %{name}"


def test_every_setting_is_described_with_its_variable() -> None:
    page = text_of("docs/settings.md")
    for field in Settings.__struct_fields__:
        variable = f"TASKCELL_{field.upper()}{'_…' if field == 'kubernetes' else ''}"
        assert f"| `{field}` | `{variable}` |" in page, f"docs/settings.md lacks {field}"
    page = text_of("docs/kubernetes.md")
    for field in KubernetesSettings.__struct_fields__:
        variable = f"`TASKCELL_KUBERNETES_{field.upper()}`{' (JSON)' if field == 'pod' else ''}"
        assert f"| `kubernetes.{field}` | {variable} |" in page, f"docs/kubernetes.md lacks {field}"


def test_every_option_of_a_task_is_described() -> None:
    page = text_of("docs/tasks.md")
    for flag in options.FLAGS:
        assert f"| `{flag.name} {flag.metavar}".strip() in page, f"docs/tasks.md lacks {flag.name}"


def test_every_error_is_described_with_its_code() -> None:
    page = text_of("docs/errors.md")
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.TaskcellError) and kind is not errors.TaskcellError:
            assert f"| `{kind.__name__}` | `{kind.code}` |" in page, f"docs/errors.md lacks {kind.__name__}"


def test_every_page_is_in_the_manual() -> None:
    navigation = text_of("mkdocs.yml")
    for path in MANUAL:
        assert f": {path.name}" in navigation, f"mkdocs.yml lacks {path.name}"
    index = text_of("docs/design/index.md")
    for path in (ROOT / "docs" / "design").glob("0*.md"):
        assert f"({path.name})" in index, f"docs/design/index.md lacks {path.name}"


def test_readme_is_short_and_has_a_picture_that_loads_quickly() -> None:
    readme = text_of("README.md")
    assert 60 <= len(readme.splitlines()) <= 140
    pictures = [link for link in _LINK.findall(readme) if link.endswith(".png")]
    assert pictures
    assert all((ROOT / picture).stat().st_size < 300_000 for picture in pictures)


def test_readme_names_the_two_commands_that_exist() -> None:
    targets = re.findall(r"^([a-z0-9-]+):", text_of("Makefile"), re.MULTILINE)
    for path in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"`?\bmake ([a-z0-9-]+)", "\n".join(code(ROOT / path))):
            assert target in targets, f"{path} names make {target}"
    assert {"demo", "test"} <= set(re.findall(r"^make (\w+)", text_of("README.md"), re.MULTILINE))
