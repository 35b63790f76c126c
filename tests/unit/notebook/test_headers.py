from __future__ import annotations

import pytest

from taskcell import errors
from taskcell.model.cells import Cell, CellKind
from taskcell.model.tasks import TaskOptions
from taskcell.notebook import headers


@pytest.mark.parametrize(
    ("line", "name", "inputs", "outputs"),
    [
        ("%%task", None, None, None),
        ("", None, None, None),
        ("%%task train", "train", None, None),
        ("%%task train(a, b) -> c, d", "train", ("a", "b"), ("c", "d")),
        ("%%task train (a,b,)->(c , d)", "train", ("a", "b"), ("c", "d")),
        ("%%task -> c", None, None, ("c",)),
        ("%%task (a,b) -> c", None, ("a", "b"), ("c",)),
        ("%%task train()", "train", (), None),
        ("%%task train -> None", "train", None, ()),
        ("# %task train(df) -> model", "train", ("df",), ("model",)),
        ("#%task", None, None, None),
        ("train(df) -> model", "train", ("df",), ("model",)),
        ("%%task ﬁt(ﬁ)", "fit", ("fi",), None),
    ],
)
def test_signature_forms(
    line: str, name: str | None, inputs: tuple[str, ...] | None, outputs: tuple[str, ...] | None
) -> None:
    header = headers.parse_header(line)
    assert (header.name, header.inputs, header.outputs) == (name, inputs, outputs)


@pytest.mark.parametrize(
    "line",
    [
        "%%task train(df) -> model --retries 2 --memory 2Gi",
        "%%task --retries 2 --memory=2Gi train(df) -> model",
        "%%task --retries=2 train(df) --memory '2Gi' -> model",
    ],
)
def test_options_stand_before_after_or_within_the_signature(line: str) -> None:
    header = headers.parse_header(line)
    assert (header.name, header.inputs, header.outputs) == ("train", ("df",), ("model",))
    assert header.options == TaskOptions(retries=2, memory_bytes=2 * 2**30)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("--retry-delay 5s", TaskOptions(retry_delay_s=5.0)),
        ("--timeout 10m", TaskOptions(timeout_s=600.0)),
        ("--timeout 90", TaskOptions(timeout_s=90.0)),
        ("--timeout 1h30m", TaskOptions(timeout_s=5400.0)),
        ("--timeout 250ms", TaskOptions(timeout_s=0.25)),
        ("--cpu 500m", TaskOptions(cpu_cores=0.5)),
        ("--cpu 2", TaskOptions(cpu_cores=2.0)),
        ("--memory 512M", TaskOptions(memory_bytes=512_000_000)),
        ("--memory 1.5GB", TaskOptions(memory_bytes=1_500_000_000)),
        ("--memory 2GiB", TaskOptions(memory_bytes=2**31)),
        ("--gpu 1", TaskOptions(gpu_count=1)),
        ("--image ghcr.io/team/image:1.2", TaskOptions(image="ghcr.io/team/image:1.2")),
        ("--no-cache", TaskOptions(cache=False)),
        ("--map rate", TaskOptions(map_over="rate")),
        ("--seed 7", TaskOptions(seed=7)),
    ],
)
def test_option_values_and_units(text: str, options: TaskOptions) -> None:
    assert headers.parse_header(f"%%task t {text}").options == options


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%%task t --retires 2", "Did you mean '--retries'"),
        ("%%task t -r 2", "'-r'"),
        ("%%task t --retries", "--retries needs a value"),
        ("%%task t --retries --no-cache", "--retries needs a value"),
        ("%%task t --timeout -> x", "--timeout needs a value"),
        ("%%task t --no-cache=1", "--no-cache takes no value"),
        ("%%task t --retries 1 --retries 2", "given twice"),
        ("%%task t --retries -1", "--retries can't be '-1'"),
        ("%%task t --retries 1.5", "--retries can't be '1.5'"),
        ("%%task t --retries ٣", "--retries can't be '٣'"),
        ("%%task t --timeout 0", "--timeout can't be '0'"),
        ("%%task t --timeout nan", "--timeout can't be 'nan'"),
        ("%%task t --timeout 5x", "--timeout can't be '5x'"),
        ("%%task t --cpu 0", "--cpu can't be '0'"),
        ("%%task t --memory 512", "--memory can't be '512'"),
        ("%%task t --memory 5iB", "--memory can't be '5iB'"),
        ("%%task t --memory 99999999T", "--memory can't be"),
        ("%%task t --image -x", "--image can't be"),
        ("%%task t --map 1x", "--map can't be '1x'"),
        ("%%task t --seed 4294967296", "--seed can't be"),
        ("%%task t(a) --map b", "'b', which is not an input"),
        ("%%task t(a) -> a", "both an input and an output"),
        ("%%task t(a, a)", "named twice"),
        ("%%task t -> a, a", "named twice"),
        ("%%task t(a,,b)", "''"),
        ("%%task t(a b)", "'a b'"),
        ("%%task t(a=1)", "'a=1'"),
        ("%%task t(a: int)", "'a: int'"),
        ("%%task t(class)", "is a keyword"),
        ("%%task t(__a__)", "two underscores"),
        ("%%task 1t", "'1t'"),
        ("%%task t(a", "not closed"),
        ("%%task t)a(", "not closed"),
        ("%%task t(a)(b)", "not closed"),
        ("%%task t ->", "No output is named"),
        ("%%task t -> a -> b", "'a -> b'"),
        ("%%task t(a) \\", "backslash"),
        ("%%task(a)", "lacks a space"),
        (f"%%task {'x' * 10_000}", "longer than"),
    ],
)
def test_malformed_line_is_refused_by_name(line: str, message: str) -> None:
    with pytest.raises(errors.DefinitionError) as caught:
        headers.parse_header(line)
    assert message in str(caught.value)
    assert caught.value.remedy
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("", CellKind.PLAIN),
        ("x = 1", CellKind.PLAIN),
        ("%%task\nx = 1", CellKind.TASK),
        ("\n\n%%task a\nx = 1", CellKind.TASK),
        ("# %task a\nx = 1", CellKind.TASK),
        ("#%task\nx = 1", CellKind.TASK),
        ("%%params\nx = 1", CellKind.PARAMS),
        ("# %params\nx = 1", CellKind.PARAMS),
        ("# %%task a\nx = 1", CellKind.PLAIN),
        ("%%task?", CellKind.PLAIN),
        ("%%tasks\nx", CellKind.PLAIN),
        ("%%taskcell.x\nx", CellKind.PLAIN),
        ("%%time\nx = 1", CellKind.PLAIN),
        ("text = '''\n%%task\n'''", CellKind.PLAIN),
        ("%%writefile a.md\n%%task", CellKind.PLAIN),
    ],
)
def test_kind_follows_from_the_first_line(source: str, kind: CellKind) -> None:
    assert headers.kind_of(source) is kind


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("%%time\n%%task\nx = 1", "below %%time"),
        ("# a comment\n%%task\nx = 1", "on line 2"),
        ("x = 1\n!ls\n%%params\ny = 1", "on line 3"),
    ],
)
def test_magic_further_down_is_refused(source: str, message: str) -> None:
    with pytest.raises(errors.DefinitionError, match=message):
        headers.kind_of(source)


def test_body_keeps_text_and_line_numbers() -> None:
    cell = Cell(source="\n%%task train\n\n# why\nx = 1\n!ls {x}", label="cell 3")
    found = headers.parse_task_cell(cell)
    assert found.body == "\n# why\nx = 1\n!ls {x}"
    assert found.first_line == 3
    assert cell.source.splitlines()[found.first_line - 1 + 2] == "x = 1"


@pytest.mark.parametrize("source", ["%%task t", "%%task t\n\n  \n", "%%task t\n# nothing\n"])
def test_empty_body_is_refused(source: str) -> None:
    with pytest.raises(errors.DefinitionError, match="'t' has an empty body"):
        headers.parse_task_cell(Cell(source=source))


@pytest.mark.parametrize("second", ["%%task b", "# %task b", "%%params"])
def test_second_header_is_refused(second: str) -> None:
    with pytest.raises(errors.DefinitionError, match="has a second header"):
        headers.parse_task_cell(Cell(source=f"%%task a\n\n{second}\nx = 1"))


def test_header_in_the_middle_of_a_body_is_refused() -> None:
    with pytest.raises(errors.DefinitionError, match="on line 3"):
        headers.parse_task_cell(Cell(source="%%task a\nx = 1\n%%task b\ny = 1"))


def test_plain_cell_is_no_task_cell() -> None:
    with pytest.raises(errors.DefinitionError, match="cell 4 does not begin"):
        headers.parse_task_cell(Cell(source="x = 1", label="cell 4"))


def test_help_names_every_option() -> None:
    text = headers.header_help()
    for option in ("--retries", "--retry-delay", "--timeout", "--cpu", "--memory", "--gpu", "--image"):
        assert option in text
    assert "# %task" in text


def test_workflow_name_from_a_plain_cell() -> None:
    cells = [Cell(source="x = 1\n%workflow 'churn rate'\n"), Cell(source="%%task\n%workflow other")]
    assert headers.workflow_name(cells) == "churn rate"
    assert headers.workflow_name([Cell(source="%workflow\n%workflows x")]) is None


def test_two_workflow_names_are_refused() -> None:
    cells = [Cell(source="%workflow a", label="cell 1"), Cell(source="%workflow b", label="cell 2")]
    with pytest.raises(errors.DefinitionError, match=r"'a' \(cell 1\) and 'b' \(cell 2\)"):
        headers.workflow_name(cells)


@pytest.mark.parametrize(
    ("flag", "field", "value"),
    [
        ("--disk 20Gi", "disk_bytes", 20 << 30),
        (
            "--node disk=ssd,topology.kubernetes.io/zone=a",
            "node_selector",
            (("disk", "ssd"), ("topology.kubernetes.io/zone", "a")),
        ),
        ("--tolerate gpu,spot=yes:NoSchedule", "tolerations", ("gpu", "spot=yes:NoSchedule")),
        ("--env MODE=fast,URL=http://x:1/", "env", (("MODE", "fast"), ("URL", "http://x:1/"))),
        ("--secret TOKEN=api/token", "secrets", (("TOKEN", "api/token"),)),
        ("--queue team-a", "queue", "team-a"),
        ("""--pod '{"priorityClassName": "low"}'""", "pod", '{"priorityClassName":"low"}'),
        ("--own-pod", "share", False),
    ],
)
def test_flags_of_a_pod_are_read(flag: str, field: str, value: object) -> None:
    assert getattr(headers.parse_header(f"%%task {flag}").options, field) == value


@pytest.mark.parametrize(
    "flag",
    [
        "--node disk",
        "--tolerate a=b:Never",
        "--env 1=2",
        "--env A=1,A=2",
        "--secret TOKEN=api",
        "--queue -a",
        "--pod nodeName",
        "--pod []",
    ],
)
def test_nonsense_in_a_pods_flags_is_refused(flag: str) -> None:
    with pytest.raises(errors.DefinitionError, match="can't be"):
        headers.parse_header(f"%%task {flag}")
