"""A wrong base address: nothing is there, and no task is given up for it."""

import pytest

from gateway.connectors import kinds
from gateway.connectors.ports import Connector, Known, Later
from simulators.far_sides.faults import Fault
from tests.integration.connectors.conftest import Both
from tests.integration.connectors.works import full, put, taken


def elsewhere(both: Both) -> Connector:
    table = both.side.table()
    return kinds()[both.side.kind].build({**table, "url": f"{table['url']}/elsewhere"})


def test_a_wrong_address_gives_no_task_up(both: Both) -> None:
    work = full()
    known = put(both.connector, work)
    wrong = elsewhere(both)
    for seen in (None, known, Known(known.remote_id, None)):
        outcome = wrong.put(taken(work), seen)
        assert isinstance(outcome, Later), outcome
        # Dataverse signs in for an address.
        assert outcome.error.endswith(("http_404", "http_405", "sign_in_http_401"))
    assert isinstance(wrong.check(), Later)


@pytest.mark.parametrize("status", [404, 405])
def test_a_write_that_has_no_place_there_is_tried_later(both: Both, status: int) -> None:
    work, nowhere = full(), [Fault("nowhere", status=status)] * 2
    both.side.faults.queue(*nowhere, on="write")
    assert both.connector.put(work, None) == Later(f"http_{status}")
    both.side.faults.clear()
    known = put(both.connector, work)
    both.side.faults.queue(*nowhere, on="write")
    assert both.connector.put(taken(work), known) == Later(f"http_{status}")
