from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskcell import errors
from taskcell.store import paths

RUN = "01JABCDEFGHJKMNPQRSTVWXYZ0"
DIGEST = "ab" * 32
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(NAMES)
def test_quoted_name_is_portable_and_comes_back(name: str) -> None:
    part = paths.quoted(name)
    assert re.fullmatch(r"[a-z0-9_~=-]([a-z0-9_~=.-]*[a-z0-9_~=-])?", part)
    assert paths.checked(part) == part
    assert paths.unquoted(part) == name


@given(NAMES, NAMES)
def test_different_names_differ_even_where_case_does_not_count(left: str, right: str) -> None:
    assert (paths.quoted(left).casefold() == paths.quoted(right).casefold()) == (left == right)


@pytest.mark.parametrize("name", ["train", "train~0", "2_features-v1.2"])
def test_plain_names_stay_readable(name: str) -> None:
    assert paths.quoted(name) == name


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("..", "=2e=2e"),
        (".", "=2e"),
        ("a/b", "a=2fb"),
        ("A", "=41"),
        ("a b", "a=20b"),
        ("=", "=3d"),
        ("x.", "x=2e"),
    ],
)
def test_quoting_is_as_specified(name: str, quoted: str) -> None:
    assert paths.quoted(name) == quoted


@pytest.mark.parametrize("name", ["", "x" * 201, "é" * 40, "x" * 10_000, "日" * 10_000, "a\ud800"])
def test_name_that_does_not_fit_is_refused_in_a_short_message(name: str) -> None:
    with pytest.raises(errors.InvalidInputError) as caught:
        paths.quoted(name)
    assert caught.value.remedy
    assert len(str(caught.value)) < 400


def test_longest_name_fits() -> None:
    assert paths.quoted("x" * 200) == "x" * 200


@pytest.mark.parametrize("part", ["A", "=4", "=zz", "=61", "a=2Fb", ".a", "", "=ff"])
def test_part_that_is_no_quoted_name_is_refused(part: str) -> None:
    with pytest.raises(errors.FormatError):
        paths.unquoted(part)


@pytest.mark.parametrize("name", ["a", "default", "team-a.x_1", "0" * 63])
def test_project_name_is_accepted(name: str) -> None:
    assert paths.checked_project(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "A",
        "..",
        ".a",
        "a/b",
        "a b",
        "é",
        "a" * 64,
        "a\n",
        "-a",
        "blobs",
        "quarantine",
        "format.json",
    ],
)
def test_hostile_project_name_is_refused(name: str) -> None:
    with pytest.raises(errors.InvalidInputError, match="project"):
        paths.checked_project(name)


@pytest.mark.parametrize("run_id", ["", "x", "../../etc", RUN.lower(), RUN + "0", f"{RUN}\n", "8" + RUN[1:]])
def test_hostile_run_id_is_refused(run_id: str) -> None:
    with pytest.raises(errors.InvalidInputError, match="run's id"):
        paths.plan(run_id)


@pytest.mark.parametrize("digest", ["", "ab", "../" + "a" * 61, "AB" * 32, DIGEST + "0", DIGEST + "\n"])
def test_hostile_digest_is_refused(digest: str) -> None:
    for use in (paths.blob, paths.cache_entry):
        with pytest.raises(errors.InvalidInputError, match="digest"):
            use(digest)


def test_layout_is_as_specified() -> None:
    assert [
        paths.blob(DIGEST),
        paths.cache_entry(DIGEST),
        paths.version("churn", 7),
        paths.version_digest("churn", DIGEST),
        f"{paths.tag_moves('churn', 'prod')}/",
        paths.plan(RUN),
        paths.driver_start(RUN, 1),
        paths.driver_end(RUN, 1),
        paths.cancel(RUN, 1),
        paths.attempt_start(RUN, "train~0", 1),
        paths.attempt_end(RUN, "train~0", 1),
        paths.notebook(RUN, "train~0", 1),
        paths.log_chunk(RUN, "train~0", 1, 0),
        paths.reproduction(RUN, 1),
    ] == [
        f"blobs/ab/{DIGEST}",
        f"cache/ab/{DIGEST}.json",
        "workflows/churn/versions/00000007.json",
        f"workflows/churn/digests/{DIGEST}.json",
        "workflows/churn/tags/prod/",
        f"runs/{RUN}/plan.json",
        f"runs/{RUN}/drivers/00000001.json",
        f"runs/{RUN}/ends/00000001.json",
        f"runs/{RUN}/cancels/00000001.json",
        f"runs/{RUN}/tasks/train~0/00000001/start.json",
        f"runs/{RUN}/tasks/train~0/00000001/end.json",
        f"runs/{RUN}/tasks/train~0/00000001/notebook.ipynb",
        f"runs/{RUN}/tasks/train~0/00000001/log/00000000",
        f"runs/{RUN}/reproductions/00000001.json",
    ]


def test_number_is_read_from_a_sequence_only() -> None:
    assert paths.number("a/b/00000012.json") == 12
    assert paths.number("a/b/00000012") == 12
    for other in ("a/plan.json", "a/12.json", "a/0000001x.json", "a/²²²²²²²²"):
        assert paths.number(other) is None


@pytest.mark.parametrize("number", [-1, 100_000_000])
def test_number_beyond_eight_digits_is_refused(number: int) -> None:
    with pytest.raises(errors.InvalidInputError):
        paths.version("churn", number)
