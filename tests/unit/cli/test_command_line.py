from __future__ import annotations

import argparse

import pytest

from taskcell import cli, errors
from taskcell.cli import arguments, commands, printing, registry


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {verb.name} " in shown for verb in registry.all_verbs())


def test_no_words_show_the_help_and_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "usage: taskcell" in capsys.readouterr().out


def test_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("taskcell 0.")


@pytest.mark.parametrize("verb", [verb.name for verb in registry.all_verbs()])
def test_every_verb_has_help_in_both_forms(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([verb, "--help"]) == 0
    assert f"usage: taskcell {verb}" in capsys.readouterr().out
    assert f"usage: %{verb}" in cli.help_of(verb)
    assert cli.call(verb, ["-h"], notebook=True) == cli.help_of(verb)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["launhc"], "Did you mean 'launch'?"),
        (["runs", "--sate", "failed"], "Did you mean '--state'?"),
        (["compare"], "required: RUN"),
        (["tag", "flow@1"], "required: name"),
        (["runs", "-n", "many"], "invalid int value: 'many'"),
        (["launch", "--wait", "--detach"], "not allowed with"),
        (["--nonsense"], "--help lists them"),
    ],
)
def test_usage_errors_exit_with_2_and_say_what_to_do(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    streams = capsys.readouterr()
    assert said in streams.err
    assert streams.out == ""
    assert "Traceback" not in streams.err


def test_usage_error_in_a_notebook_is_raised_with_the_magics_usage() -> None:
    with pytest.raises(errors.InvalidInputError) as caught:
        cli.call("runs", ["--sate"], notebook=True)
    assert "Usage: %runs" in caught.value.remedy


def test_options_are_not_abbreviated() -> None:
    with pytest.raises(errors.InvalidInputError, match="unrecognized"):
        cli.call("launch", ["flow", "--back", "local"])


def test_store_is_accepted_before_and_after_the_verb() -> None:
    verb = registry.by_name()["runs"]
    before = commands._parse(verb, "taskcell runs", ["--store", "memory://a", "flow"], command=True)
    after = commands._parse(verb, "taskcell runs", ["flow", "--store", "memory://a"], command=True)
    assert arguments.where(before) == arguments.where(after) == {"store": "memory://a", "project": None}
    assert commands._split(["--store", "x", "runs", "-n", "1"]) == (["--store", "x"], "runs", ["-n", "1"])


def test_refusal_of_a_verb_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rollback", "no-tag", "--store", "memory://refused"]) == 1
    assert capsys.readouterr().err.startswith("taskcell: 'no-tag' is not a tag.")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2", ["1", "2"]),
        ("[1,2],[3]", ["[1,2]", "[3]"]),
        ('"a,b",c', ['"a,b"', "c"]),
        ("{'k': (1, 2)}, x", ["{'k': (1, 2)}", "x"]),
        ("", [""]),
    ],
)
def test_sweep_values_are_split_outside_brackets_and_quotes(text: str, values: list[str]) -> None:
    assert arguments.split_values(text) == values


def test_pairs_keep_everything_behind_the_first_equals_sign() -> None:
    assert arguments.pairs(["a=1=2", "b="], "-p") == {"a": "1=2", "b": ""}


@pytest.mark.parametrize("words", [["a"], ["=1"], ["a=1", "a=2"], ["x" * 10_000], ["\n"]])
def test_malformed_pairs_are_refused(words: list[str]) -> None:
    with pytest.raises(errors.InvalidInputError) as caught:
        arguments.pairs(words, "-p")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("text", "size"), [("10", 10), ("2GB", 2_000_000_000), ("1.5 GiB", 1_610_612_736), ("3k", 3000), ("1KiB", 1024)]
)
def test_sizes_are_read_with_their_units(text: str, size: int) -> None:
    assert arguments.size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "2 parsecs", "-1GB", "GB"])
def test_sizes_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(errors.InvalidInputError, match="not a size"):
        arguments.size_bytes(text)


def test_text_and_json_of_results() -> None:
    class Both:
        def to_text(self, width: int) -> str:
            return f"{width} wide"

        def to_data(self) -> dict[str, int]:
            return {"a": 1}

    assert printing.text_of(Both(), 70) == "70 wide"
    assert printing.data_of(Both()) == {"a": 1}
    assert printing.data_of("said") == {"text": "said"}


def test_every_verb_adds_its_arguments_without_a_clash() -> None:
    for verb in registry.all_verbs():
        parser = argparse.ArgumentParser(add_help=False)
        verb.add_arguments(parser)
        assert "--json" not in parser._option_string_actions
