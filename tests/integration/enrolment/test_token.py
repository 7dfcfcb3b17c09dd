"""A token makes one box a hub, once; whoever else holds it gets nothing, and is seen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from device_profiles.wire.enrolment import CertificateAnswer, EnrolRequest, read_invitation
from gateway.enrolment.confirm import confirm
from gateway.enrolment.enrol import OtherHub, UnprovenKey
from gateway.enrolment.nonces import StaleNonce
from gateway.errors import (
    AuthorityUnavailable,
    Conflict,
    GatewayError,
    RequestRefused,
    TokenRefused,
    WrongDigits,
)
from tests.fixtures.promises import Keep
from tests.integration.enrolment.parts import START, Box, Office

AT_ONCE = 50


def test_fifty_boxes_at_once_get_one_certificate(office: Office, promise: Keep) -> None:
    invitation = office.invite()
    boxes = [Box.new(invitation.hub) for _ in range(AT_ONCE)]

    def attempt(box: Box) -> CertificateAnswer | GatewayError:
        try:
            return office.enrol(box, invitation.token)
        except GatewayError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(attempt, boxes))
    given = [one for one in results if isinstance(one, CertificateAnswer)]
    assert len(given) == office.certificates(invitation.hub) == 1
    assert all(isinstance(one, TokenRefused) for one in results if one not in given)
    # 49 others had the same invitation: nobody can say which was meant.
    assert office.events(invitation.hub).count("enrolment_token_used_again") == AT_ONCE - 1
    winner = boxes[results.index(given[0])]
    with pytest.raises(Conflict, match="two boxes"):
        confirm(office.database, invitation.hub, winner.digits(), "tester", START)
    assert office.state(invitation.hub) == "enrolled"
    promise("token-once", at_once=AT_ONCE, certificates=1, confirmed=0, events=AT_ONCE - 1)


def test_the_same_box_fifty_times_at_once_gets_one_certificate(office: Office) -> None:
    invitation = office.invite()
    box = Box.new(invitation.hub)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: office.enrol(box, invitation.token), range(AT_ONCE)))
    assert len({one.certificate for one in answers}) == office.certificates(box.hub) == 1
    assert confirm(office.database, box.hub, box.digits(), "tester", START)
    assert office.state(box.hub) == "active"


def test_the_certificate_says_what_it_must_and_no_more(office: Office) -> None:
    invitation = office.invite()
    box = Box.new(invitation.hub)
    found = x509.load_pem_x509_certificate(office.enrol(box, invitation.token).certificate.encode())
    assert found.subject.rfc4514_string() == f"CN={box.hub}"
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [name.value for name in names] == [box.hub.urn]
    purposes = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert found.not_valid_before_utc == START - timedelta(hours=1)
    assert found.not_valid_after_utc == START + timedelta(days=7)


def test_a_lost_reply_is_given_again_for_ten_minutes(office: Office) -> None:
    invitation = office.invite()
    box = Box.new(invitation.hub)
    first = office.enrol(box, invitation.token)
    assert office.enrol(box, invitation.token, START + timedelta(minutes=9)) == first
    with pytest.raises(TokenRefused, match="some time ago"):
        office.enrol(box, invitation.token, START + timedelta(minutes=11))
    assert office.certificates(box.hub) == 1


def test_an_expired_token_is_refused_and_noted(office: Office) -> None:
    invitation = office.invite()
    with pytest.raises(TokenRefused, match="expired"):
        office.enrol(Box.new(invitation.hub), invitation.token, START + timedelta(minutes=31))
    assert office.certificates(invitation.hub) == 0
    assert office.events(invitation.hub) == ["enrolment_token_expired"]


def test_a_stolen_code_after_the_confirmation_does_no_harm(office: Office) -> None:
    invitation = office.invite()
    box = Box.new(invitation.hub)
    office.enrol(box, invitation.token)
    confirm(office.database, box.hub, box.digits(), "tester", START)
    with pytest.raises(TokenRefused):
        office.enrol(Box.new(box.hub), invitation.token, START + timedelta(minutes=1))
    assert office.state(box.hub) == "active"
    assert office.certificates(box.hub) == 1
    assert office.events(box.hub) == ["enrolment_token_used_again"]


def test_a_token_is_for_its_hub_only(office: Office) -> None:
    one, other = office.invite(), office.invite()
    for hub in (other.hub, uuid4()):
        with pytest.raises(TokenRefused):
            office.enrol(Box.new(hub), one.token)
    assert office.certificates(other.hub) == 0
    office.enrol(Box.new(one.hub), one.token)


def _tampered(request: EnrolRequest, **change: object) -> EnrolRequest:
    return request.model_copy(update=change)


def test_keys_must_be_proven(office: Office) -> None:
    invitation = office.invite()
    box, thief = Box.new(invitation.hub), Box.new(invitation.hub)
    nonce = office.nonces.new(START)
    request = box.request(invitation.token, nonce)
    for wrong in (
        _tampered(request, csr=thief.tls.csr),
        _tampered(request, signing_key=thief.public),
        _tampered(request, proof=bytes(64)),
    ):
        with pytest.raises(UnprovenKey):
            office.enrolment.enrol(wrong, START)
    broken = bytearray(box.tls.csr)
    broken[-1] ^= 1
    with pytest.raises((RequestRefused, UnprovenKey)):
        office.enrolment.enrol(_tampered(request, csr=bytes(broken)), START)
    foreign = Box.new(uuid4())
    foreign.hub = invitation.hub  # asks for another common name
    with pytest.raises(RequestRefused, match="common name"):
        office.enrolment.enrol(foreign.request(invitation.token, nonce), START)
    assert office.certificates(invitation.hub) == 0
    office.enrolment.enrol(request, START)  # the token was not spent on any of them


def test_a_nonce_is_ours_and_young(office: Office) -> None:
    invitation = office.invite()
    box = Box.new(invitation.hub)
    for nonce in (bytes(40), office.nonces.new(START - timedelta(minutes=6))):
        with pytest.raises(StaleNonce):
            office.enrolment.enrol(box.request(invitation.token, nonce), START)


def test_three_wrong_digits_end_it(office: Office) -> None:
    invitation = office.invite()
    box = Box.new(invitation.hub)
    office.enrol(box, invitation.token)
    wrong = f"{(int(box.digits()) + 1) % 1_000_000:06}"
    for _ in range(3):
        with pytest.raises(WrongDigits):
            confirm(office.database, box.hub, wrong, "tester", START)
    with pytest.raises(Conflict):
        confirm(office.database, box.hub, box.digits(), "tester", START)
    assert office.state(box.hub) == "invited"
    later = START + timedelta(minutes=1)
    again = office.reinvite(box.hub, later)
    office.enrol(box, again.token, later)
    assert confirm(office.database, box.hub, box.digits(), "tester", later)


def test_a_second_invitation_ends_the_first(office: Office) -> None:
    first = office.invite()
    second = office.reinvite(first.hub)
    box = Box.new(first.hub)
    with pytest.raises(TokenRefused):
        office.enrol(box, first.token)
    office.enrol(box, second.token)


def test_an_active_hub_comes_back_with_its_own_key_only(office: Office) -> None:
    box = office.active_box()
    again = office.reinvite(box.hub)
    with pytest.raises(OtherHub):
        office.enrol(Box.new(box.hub), again.token)
    again = office.reinvite(box.hub)
    returned = Box(box.hub, Box.new(box.hub).tls, box.signing)
    assert office.enrol(returned, again.token).state == "active"
    assert "enrolment_of_other_hub" in office.events(box.hub)


def test_an_authority_that_is_away_spends_no_token(office: Office) -> None:
    class Away:
        def certify(self, *_: object, **__: object) -> bytes:
            raise AuthorityUnavailable

        def anchors(self) -> bytes:
            raise AuthorityUnavailable

    invitation, authority = office.invite(), office.authority
    box = Box.new(invitation.hub)
    office.authority = Away()
    with pytest.raises(AuthorityUnavailable):
        office.enrol(box, invitation.token)
    office.authority = authority
    office.enrol(box, invitation.token)


def test_the_text_is_read_as_it_was_written(office: Office) -> None:
    invitation = office.invite()
    assert read_invitation(f"  {invitation.text()}\n") == invitation
    for broken in (
        "",
        "hln:2?u=x",
        invitation.text()[:-9],
        invitation.text().replace("&f=", "&g="),
    ):
        with pytest.raises(ValueError, match="invitation"):
            read_invitation(broken)
    assert invitation.text().split("t=")[1][:22] not in repr(invitation)
