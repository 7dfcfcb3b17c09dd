"""Bulk export: what is in the files is what a search finds, and it is whose asked."""

import json
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from gateway.access.programs import FOR_PROGRAMS
from gateway.access.rights import Right
from gateway.fhir.export import Exports
from gateway.fhir.loops import fhir_loops
from gateway.fhir.registry import RESOURCES
from tests.fixtures.console import ADDRESS
from tests.integration.alerting.homes import until
from tests.integration.fhir.conftest import Facade
from tests.integration.fhir.exports import ASYNC, begin, home, work


def exported(fhir: Facade, path: str = "$export") -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Export; return the manifest, and what is in the files by type. It is deleted then."""
    where = begin(fhir, path)
    work(fhir)
    told = fhir.ask(where)
    assert told.status_code == 200, told.text
    files = {}
    for each in told.json()["output"]:
        answer = fhir.ask(each["url"], headers={"accept": "application/fhir+ndjson"})
        assert answer.headers["content-type"] == "application/fhir+ndjson"
        files[each["type"]] = [json.loads(line) for line in answer.text.splitlines()]
        assert len(files[each["type"]]) == each["count"]
    assert fhir.ask(where, method="DELETE").status_code == 202
    work(fhir)
    return told.json(), files


def by_id(resources: list[Any]) -> list[Any]:
    return sorted(resources, key=lambda each: each["id"])


def test_it_is_what_a_search_finds(fhir: Facade) -> None:
    manifest, files = exported(fhir)
    assert manifest["requiresAccessToken"]
    assert list(files) == list(RESOURCES)
    for type_ in RESOURCES:
        assert by_id(files[type_]) == by_id(fhir.found(type_)), type_


def test_it_takes_its_time_and_ends(fhir: Facade) -> None:
    where = begin(fhir, "$export?_type=Patient")
    waiting = fhir.ask(where)
    assert waiting.status_code == 202
    assert {"x-progress", "retry-after"} <= set(waiting.headers)
    work(fhir)
    folder = home(fhir) / "exports" / where.rpartition("/")[2]
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "expires" in fhir.ask(where).headers
    work(fhir, timedelta(days=1, minutes=1))
    assert not folder.exists()
    assert fhir.ask(where).status_code == 404


def test_the_loops_beside_the_worker_do_it(fhir: Facade) -> None:
    where, stop = begin(fhir, "$export?_type=Patient"), threading.Event()
    settings = fhir.console.app.state.settings
    loops = fhir_loops(settings, fhir.console.database, stop)
    threads = [threading.Thread(target=loop.run) for loop in loops]
    for thread in threads:
        thread.start()
    until(lambda: fhir.ask(where).status_code == 200)
    stop.set()
    for thread in threads:
        thread.join()
    assert fhir.ask(where, method="DELETE").status_code == 202
    work(fhir)


def test_deleted_it_is_gone(fhir: Facade) -> None:
    before, after = begin(fhir), begin(fhir)
    assert fhir.ask(before, method="DELETE").status_code == 202
    work(fhir)
    assert fhir.ask(before).status_code == 404
    assert fhir.ask(after).status_code == 200
    assert fhir.ask(after, method="DELETE").status_code == 202
    work(fhir)
    assert list((home(fhir) / "exports").iterdir()) == []


def test_since(fhir: Facade, another: UUID) -> None:
    del another
    first, _ = exported(fhir, "$export?_type=Patient")
    since = urlencode({"_since": first["transactionTime"], "_type": "Patient"})
    assert exported(fhir, f"$export?{since}")[1] == {}
    with fhir.console.database.transaction() as connection:
        connection.execute("UPDATE patient SET address = 'x' WHERE id = %s", [fhir.patient])
    _, files = exported(fhir, f"$export?{since}")
    assert [each["id"] for each in files["Patient"]] == [str(fhir.patient)]


def test_of_patients(fhir: Facade) -> None:
    _, files = exported(fhir, "Patient/$export")
    assert {"Patient", "Observation", "Task"} <= set(files)
    assert "Device" not in files


def test_it_is_nobody_elses(fhir: Facade) -> None:
    where = begin(fhir, "$export?_type=Patient")
    work(fhir)
    (file,) = fhir.ask(where).json()["output"]
    other = fhir.key(FOR_PROGRAMS - {Right.TIME_READ})
    for stranger in ({"key": other}, {"which": 1}):
        for method, path in (("GET", where), ("GET", file["url"]), ("DELETE", where)):
            assert fhir.ask(path, method=method, **stranger).status_code == 404
    assert fhir.ask(where, method="DELETE").status_code == 202
    work(fhir)


def test_only_what_may_be_seen_is_exported(fhir: Facade) -> None:
    few = fhir.key({Right.PATIENTS_READ})
    refused = fhir.ask("$export?_type=Observation", key=few, headers=ASYNC)
    assert refused.status_code == 403
    where = begin(fhir, key=few)
    work(fhir)
    types = [each["type"] for each in fhir.ask(where, key=few).json()["output"]]
    assert types == ["CareTeam", "Communication", "Patient"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("$export", {}),
        ("$export?_type=Alarm", ASYNC),
        ("$export?_since=yesterday", ASYNC),
        ("$export?_outputFormat=text/csv", ASYNC),
        ("$export?_typeFilter=Observation%3Fcode%3D1", ASYNC),
    ],
)
def test_what_cannot_be_asked(fhir: Facade, path: str, headers: dict[str, str]) -> None:
    answer = fhir.ask(path, headers=headers)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


def test_lenient_leaves_out_what_is_unknown(fhir: Facade) -> None:
    headers = {"prefer": "respond-async, handling=lenient"}
    answer = fhir.ask("$export?_elements=id", headers=headers)
    assert answer.status_code == 202
    where = answer.headers["content-location"]
    assert where.startswith(f"{ADDRESS}/fhir/bulk/")
    assert fhir.ask(where, method="DELETE").status_code == 202


def test_there_is_an_end_to_asking(fhir: Facade) -> None:
    key = fhir.key({Right.PATIENTS_READ, Right.TASKS_READ})
    made = [begin(fhir, key=key) for _ in range(5)]
    answer = fhir.ask("$export", key=key, headers=ASYNC)
    assert answer.status_code == 429
    assert "retry-after" in answer.headers
    for where in made:
        fhir.ask(where, key=key, method="DELETE")
    work(fhir)


def test_whoever_dies_another_goes_on(fhir: Facade) -> None:
    where = begin(fhir, "$export?_type=Patient")
    from gateway.storage.fhir_exports import take_export

    with fhir.console.database.connect(autocommit=True) as connection:
        assert take_export(connection, datetime.now(UTC)) is not None  # and is killed
    assert work(fhir) == 0
    assert work(fhir, timedelta(minutes=2)) == 1
    assert fhir.ask(where).status_code == 200
    assert fhir.ask(where, method="DELETE").status_code == 202
    work(fhir)


def test_what_cannot_be_written_is_told(fhir: Facade, tmp_path: Path) -> None:
    where = begin(fhir, "$export?_type=Patient")
    (tmp_path / "exports").write_text("in the way")
    exports = Exports(tmp_path, fhir.console.database)
    with fhir.console.database.connect(autocommit=True) as connection:
        for n in range(3):
            assert exports.look(connection, datetime.now(UTC) + n * timedelta(minutes=2)) == 1
    answer = fhir.ask(where)
    assert (answer.status_code, answer.json()["resourceType"]) == (500, "OperationOutcome")


def test_what_fails_leaves_nothing_of_patients(fhir: Facade) -> None:
    where = begin(fhir, "$export?_type=Patient,Observation")
    change = "UPDATE hub SET timezone = %s WHERE id = %s"
    with fhir.console.database.transaction() as connection:
        connection.execute(change, ["Nowhere/None", fhir.sites[0].hub])
    try:
        assert work(fhir) == 1
    finally:
        with fhir.console.database.transaction() as connection:
            connection.execute(change, ["UTC", fhir.sites[0].hub])
    assert fhir.ask(where).status_code == 202
    assert not (home(fhir) / "exports" / where.rpartition("/")[2]).exists()
    assert work(fhir, timedelta(minutes=1)) == 1
    assert fhir.ask(where).status_code == 200
    assert fhir.ask(where, method="DELETE").status_code == 202
    work(fhir)


def test_what_was_closed_since_is_not_given(fhir: Facade) -> None:
    where = begin(fhir, "$export?_type=Task")
    work(fhir)
    (file,) = fhir.ask(where).json()["output"]
    assert fhir.ask(file["url"]).status_code == 200
    assert fhir.ask(f"{where}/patients.json").status_code == 404
    change = "UPDATE patient SET restricted = %s WHERE id = %s"
    for closed, status in ((True, 403), (False, 200)):
        with fhir.console.database.transaction() as connection:
            connection.execute(change, [closed, fhir.patient])
        assert fhir.ask(file["url"]).status_code == status
    assert fhir.ask(where, method="DELETE").status_code == 202
    work(fhir)


def test_it_ends_with_its_program(fhir: Facade) -> None:
    rights = frozenset({Right.TASKS_READ, Right.ALERTS_READ})
    done = begin(fhir, "$export?_type=Task", key=fhir.key(rights))
    work(fhir)
    waits = begin(fhir, "$export?_type=Task", key=fhir.key(rights))
    folders = [home(fhir) / "exports" / where.rpartition("/")[2] for where in (done, waits)]
    assert folders[0].exists()
    with fhir.console.database.transaction() as connection:
        connection.execute(
            "UPDATE program SET disabled_at = now() WHERE id ="
            " (SELECT who FROM fhir_export WHERE id = %s)",
            [folders[0].name],
        )
    fhir.keys.pop((rights, 0))
    assert work(fhir) == 0
    assert not any(folder.exists() for folder in folders)


def test_the_manifest_tells_what_was_asked(fhir: Facade) -> None:
    asked = "$export?_type=Patient&_type=Task"
    manifest, files = exported(fhir, asked)
    assert manifest["request"] == f"{ADDRESS}/fhir/{asked}"
    assert set(files) == {"Patient", "Task"}
