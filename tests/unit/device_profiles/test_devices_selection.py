"""A device is known by its Device Information model, then by its name, then by its service."""

import pytest

from device_profiles.gatt import sig
from device_profiles.registry import PROFILES, profile_for

CUFF, METER, OXIMETER, BODY = (sig(number) for number in (0x1810, 0x1808, 0x1822, 0x181B))


@pytest.mark.parametrize(
    ("services", "name", "manufacturer", "model", "key"),
    [
        ([CUFF], "BM85", None, None, "beurer_bm85"),
        ([CUFF], "bm85 4711", None, None, "beurer_bm85"),  # any case of letters
        ([CUFF], "x", "Beurer GmbH", "BM 85", "beurer_bm85"),
        ([CUFF], "BM85", "Beurer", "BM57", "beurer_bm57"),  # the model before the name
        ([CUFF], "BM59", None, None, "beurer_bm57"),
        ([CUFF], "BLEsmart_00000258", None, None, "omron_1810"),
        ([CUFF], "BLESMART_00000258", None, None, "omron_1810"),
        ([CUFF], "x", "OMRON HEALTHCARE Co., Ltd.", "HEM-7361T", "omron_1810"),
        ([CUFF], "x", "Somebody", "HEM-7361T", "generic_cuff"),  # another maker's model
        ([CUFF], "A&D_UA-651BLE_AA26F0", None, None, "aandd_ua651ble"),
        ([CUFF], "SBM69", None, None, "sanitas_sbm69"),
        ([METER], "meter+00412345", None, None, "accu_chek"),
        ([METER], "x", "Roche", "929", "accu_chek"),
        ([METER], "meter+00412345", "Roche", "484", "accu_chek_connect"),
        ([BODY], "MIBFS", None, None, "xiaomi_mi_scale"),
        ([METER], "Contour7830H6000", None, None, "contour_next"),
        ([METER], "CareSens 0042", None, None, "caresens"),
        ([METER], "x", "i-SENS", "CareSens N Premier", "caresens"),
        ([OXIMETER], "Nonin3230_502", None, None, "nonin_3230"),
        ([OXIMETER], "x", "ChoiceMMed", "MD300C208", "choicemmed"),
        ([BODY], "BF105", None, None, "beurer_bf720"),
        (["af9df7a1-e595-11e3-96b4-0002a5d5c51b"], "OneTouch J7RG", None, None, "onetouch_verio"),
        (["cdeacb80-5235-4c07-8846-93a37ee6b86d"], "My Oximeter", None, None, "jumper_jpd500f"),
        (["cdeacd80-5235-4c07-8846-93a37ee6b86d"], None, None, None, "yonker_cuff"),
        (["14839ac4-7d7e-415c-9a42-167340cf2339"], "O2Ring 0042", None, None, "viatom_o2ring"),
        ([CUFF], None, None, None, "generic_cuff"),
        ([CUFF], "BM", "Beurer", "BM99", "generic_cuff"),
    ],
)
def test_selection(
    services: list[str], name: str | None, manufacturer: str | None, model: str | None, key: str
) -> None:
    assert profile_for(services, name, manufacturer, model) is PROFILES[key]


@pytest.mark.parametrize("service", [0xFFF0, 0xFF00])
def test_a_service_that_many_makers_use_is_not_enough(service: int) -> None:
    assert profile_for([sig(service)], "x") is None


def test_a_transparent_uart_is_not_an_oximeter_without_its_name() -> None:
    assert profile_for(["49535343-fe7d-4ae5-8fa9-9fafd205e455"], "Printer") is None
