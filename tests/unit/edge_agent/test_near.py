"""What `pair` shows of the devices that are near."""

from uuid import UUID

import pytest

from device_profiles.gatt import BLOOD_PRESSURE_SERVICE
from device_profiles.wire.hub_file import PairedDevice
from edge_agent.pairing.near import Near, Nearby
from edge_agent.ports import Sighting

CUFF, PHONE = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02"
SERVICES = (BLOOD_PRESSURE_SERVICE,)


def sighting(
    address: str = CUFF, name: str = "", rssi: int = -60, services: tuple[str, ...] = SERVICES
) -> Sighting:
    return Sighting(address, name, rssi, None, services)


def seen(nearby: Nearby, address: str = CUFF) -> Near:
    near = nearby.get(address)
    assert near is not None
    return near


def test_a_device_keeps_its_number_and_the_newest_signal() -> None:
    nearby = Nearby({})
    assert nearby.see(sighting()) == 1
    assert nearby.see(sighting(rssi=-82)) is None
    assert nearby.numbered(1) is seen(nearby)
    assert (seen(nearby).sighting.rssi_dbm, seen(nearby).strength) == (-82, "weak")
    assert [nearby.numbered(number) for number in (0, 2, -1)] == [None] * 3


def test_a_name_that_came_once_is_kept_and_recognised() -> None:
    nearby = Nearby({})
    nearby.see(sighting())
    assert seen(nearby).plain()["profile"] == "generic_cuff"
    nearby.see(sighting(name="BLEsmart_00000116"))
    named = seen(nearby).plain()
    nearby.see(sighting())
    assert seen(nearby).plain() == named
    assert named["profile"] != "generic_cuff"
    assert named["name"] == "BLEsmart_00000116"


def test_what_is_not_recognised_is_counted_or_shown_on_demand() -> None:
    for everybody, number in ((False, None), (True, 1)):
        nearby = Nearby({}, everybody=everybody)
        assert nearby.see(sighting(PHONE, "Phone\x1b[2J", services=())) == number
        assert nearby.others == (number is None)
    assert "not recognised" in seen(nearby, PHONE).line()
    assert "\x1b" not in seen(nearby, PHONE).line()


def test_a_device_that_was_not_recognised_gets_its_number_later() -> None:
    nearby = Nearby({})
    assert nearby.see(sighting(services=())) is None
    assert nearby.see(sighting()) == 1


def test_a_device_of_hub_toml_is_always_shown() -> None:
    device = PairedDevice(id=UUID(int=1), address=CUFF, profile="generic_cuff")
    nearby = Nearby({CUFF: device})
    assert nearby.see(sighting(services=())) == 1
    assert "the gateway knows it" in seen(nearby).line()


@pytest.mark.parametrize(
    ("rssi", "word"),
    [(-40, "strong"), (-65, "strong"), (-66, "good"), (-90, "weak"), (-91, "faint")],
)
def test_a_signal_in_a_word(rssi: int, word: str) -> None:
    nearby = Nearby({})
    nearby.see(sighting(rssi=rssi))
    assert seen(nearby).strength == word
