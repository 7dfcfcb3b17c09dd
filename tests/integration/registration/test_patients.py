"""Patients are registered and changed in the app role; two people never overwrite each other."""

from datetime import date, timedelta
from uuid import UUID

import psycopg
import pytest

from gateway.care.register import change, register, typed_before
from gateway.care.registration import NotRegistered, read_registration
from gateway.errors import Changed, Conflict, NotFound
from gateway.storage import care_teams, consents
from gateway.storage.as_app import go_over_to
from gateway.storage.consents import By
from gateway.storage.registrations import find_registered
from tests.integration.registration.conftest import NOW, Clinic
from tests.unit.registration.test_registration import ADA

BEA = By("Bea Nurse")


def new(clinic: Clinic, **fields: str) -> UUID:
    typed = read_registration({**ADA, **fields}, NOW.date())
    with clinic.at_work() as connection:
        return register(connection, clinic.organisation, typed, BEA, NOW)


def refused(clinic: Clinic, **fields: str) -> list[str]:
    with pytest.raises(NotRegistered) as caught:
        new(clinic, **fields)
    return [each.field for each in caught.value.problems]


def test_what_is_typed_once_is_there_afterwards(clinic: Clinic) -> None:
    contact = {
        "contact_name": "Byron",
        "contact_relation": "child",
        "contact_phone": "0664 7654321",
    }
    id_ = new(clinic, **contact, consent_on="2026-11-22", consent_how="verbal", address="Key 4711")
    with clinic.at_work() as connection:
        known = find_registered(connection, id_)
        assert (known.name, known.version) == ("Ada Lovelace", 1)
        assert known.details.birth_date == date(1948, 12, 10)
        assert known.details.contacts[0].phone == "+436647654321"
        (consent,) = consents.consents_of(connection, id_)
        assert (consent.recorded_by, consent.how) == ("Bea Nurse", "verbal")
        shown = typed_before(connection, known)
    again = {name: text for name, text in shown.items() if text}
    assert read_registration(again, NOW.date()).details(None).contacts == known.details.contacts


def test_the_second_of_two_people_is_told_that_it_changed(clinic: Clinic) -> None:
    id_ = new(clinic)
    typed = read_registration({**ADA, "phone": "0664 1111111"}, NOW.date())
    with clinic.at_work() as connection:
        assert change(connection, id_, 1, typed, BEA, NOW) == ("phones",)
    with clinic.at_work() as connection, pytest.raises(Changed, match="Bea Nurse"):
        change(connection, id_, 1, typed, By("Cem"), NOW)
    with clinic.at_work() as connection:
        assert find_registered(connection, id_).changed_by == "Bea Nurse"


def test_the_same_person_is_not_registered_twice_unless_somebody_says_that_it_is_another(
    clinic: Clinic,
) -> None:
    new(clinic, external_id="MRN-1")
    assert refused(clinic, given_name="ADA") == ["another_person"]
    assert refused(clinic, given_name="Anna", external_id="MRN-1") == ["external_id"]
    assert new(clinic, another_person="yes", external_id="MRN-2")


def test_a_restricted_patient_needs_a_team_with_somebody_in_it(clinic: Clinic) -> None:
    with clinic.at_work() as connection:
        care_teams.add_team(connection, clinic.organisation, "Ward 3", "Bea", NOW)
    assert refused(clinic, care_team="Ward 4") == ["care_team"]
    assert refused(clinic, care_team="ward 3", restricted="yes") == ["care_team"]
    assert new(clinic, care_team="ward 3")


def test_a_consent_is_withdrawn_and_given_again_and_both_stay(clinic: Clinic) -> None:
    id_ = new(clinic, consent_on="2026-11-20", consent_how="written")
    yes = consents.NewConsent(NOW, "verbal", "2026-11", "en")
    with clinic.at_work() as connection, pytest.raises(Conflict):
        consents.give(connection, id_, yes, BEA, NOW)
    with clinic.at_work() as connection:
        (first,) = consents.consents_of(connection, id_)
        consents.withdraw(connection, id_, first.id, "verbal", NOW, BEA, NOW)
        assert consents.in_force(consents.consents_of(connection, id_)) is None
        consents.give(connection, id_, yes, BEA, NOW + timedelta(minutes=1))
        assert len(consents.consents_of(connection, id_)) == 2
        with pytest.raises(NotFound):
            consents.withdraw(connection, id_, first.id, "verbal", NOW, BEA, NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent SET given_at = now()",
        "DELETE FROM consent",
        "DELETE FROM care_team_member",
        "UPDATE patient SET synthetic = true",
        "UPDATE patient SET organisation_id = gen_random_uuid()",
    ],
)
def test_what_was_agreed_cannot_be_rewritten(clinic: Clinic, statement: str) -> None:
    with clinic.database.connect() as connection:
        connection.execute("SET ROLE hearthline_app")
        go_over_to(connection, clinic.organisation)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_a_row_names_no_patient_and_no_team_of_another_organisation(
    clinic: Clinic, shared_database: object
) -> None:
    assert shared_database is clinic.database
    other = new(clinic)
    with clinic.database.transaction() as connection:
        row = connection.execute(
            "INSERT INTO organisation (id, name) VALUES (gen_random_uuid(), 'Other') RETURNING id"
        ).fetchone()
        assert row is not None
    stranger = Clinic(clinic.database, row["id"])
    with (
        stranger.at_work() as connection,
        pytest.raises(psycopg.errors.ForeignKeyViolation),
    ):
        connection.execute(
            "INSERT INTO emergency_contact (id, organisation_id, patient_id, place, name, relation,"
            " phone) VALUES (gen_random_uuid(), %s, %s, 1, 'x', 'other', '+436641234567')",
            [stranger.organisation, other],
        )
