"""What changed in files and folders, on a real disk."""

from __future__ import annotations

from pathlib import Path

from taskcell.api.comparisons import contents


def write(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def test_folder_names_the_files(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    old = write(tmp_path / "one" / "data", same="x", gone="y", edited="1\n2\n")
    new = write(tmp_path / "two" / "data", same="x", come="z", edited="1\n3\n")
    assert contents.describe(old, new).said() == (
        "1 file added: come.txt",
        "1 file removed: gone.txt",
        "edited.txt changed: 1 line added, 1 removed",
    )


def test_text_file_is_compared_by_lines(tmp_path: Path) -> None:
    old, new = tmp_path / "a.csv", tmp_path / "b.csv"
    old.write_text("x,y\n1,2\n")
    new.write_text("x,y\n1,3\n")
    found = contents.describe(old, new)
    assert found.said() == ("name: a.csv → b.csv", "1 line added, 1 removed")
    assert [line.text for line in found.lines if line.side == "+"] == ["1,3"]


def test_large_text_file_says_the_line_of_the_first_difference(tmp_path: Path) -> None:
    old, new = tmp_path / "one.csv", tmp_path / "two.csv"
    rows = [f"{number},{number}" for number in range(60_000)]
    old.write_text("\n".join(rows))
    rows[40_000] = "40000,0"
    new.write_text("\n".join(rows))
    assert "the first difference is in line 40,001: '40000,40000' → '40000,0'" in contents.describe(old, new).said()


def test_other_bytes_say_where_they_differ(tmp_path: Path) -> None:
    old, new = tmp_path / "one.bin", tmp_path / "two.bin"
    old.write_bytes(b"\xff\x00\x01")
    new.write_bytes(b"\xff\x00\x02")
    assert contents.describe(old, new).said()[-1] == "the first difference is at byte 2"


def test_file_that_is_gone_is_said(tmp_path: Path) -> None:
    old, new = tmp_path / "here.txt", tmp_path / "gone.txt"
    old.write_text("x")
    assert "is not there any more" in contents.describe(old, new).said()[-1]
