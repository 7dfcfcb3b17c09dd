"""docs/access.md says what is in force, and nothing is open that nobody meant to open."""

from gateway.access.page import EVERYBODY, OWN, PAGE, all_routes, page
from gateway.access.rights import RIGHTS, Right, Role
from gateway.api.openapi import rights_of

HEALTH = {Right.READINGS_READ, Right.ALERTS_READ, Right.PATIENTS_READ, Right.TASKS_READ}


def test_the_page_is_as_the_code_has_it() -> None:
    assert PAGE.read_text() == page(), "run: python -m gateway.access.page"


def test_what_needs_no_right_is_meant_to_need_none() -> None:
    open_ones = {path for path, _, route in all_routes() if not rights_of(route)}
    assert {path for path in open_ones if not path.startswith(OWN)} == EVERYBODY


def test_who_gives_rights_sees_no_health_data() -> None:
    for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.TECHNICIAN):
        assert not HEALTH & RIGHTS[role], role
    assert [role for role in Role if Right.PEOPLE_WRITE in RIGHTS[role]] == [Role.ADMINISTRATOR]
    assert [role for role in Role if Right.AUDIT_READ in RIGHTS[role]] == [Role.AUDITOR]
