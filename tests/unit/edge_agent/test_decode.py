"""`decode UUID HEX` shows fields and readings, or says in one line what is wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.errors import DecodeError
from edge_agent.decode import decode

# Flags 0, 120/80/93 mmHg; written by hand from Blood Pressure Service 1.1.1.
CUFF = "00780050005d00"


@pytest.mark.parametrize(
    "uuid", ["2A35", "2a35", "0x2A35", " 2A35 ", "00002A35-0000-1000-8000-00805F9B34FB"]
)
@pytest.mark.parametrize("octets", [CUFF, "00 78 00 50 00 5D 00", "00:78:00:50:00:5d:00"])
def test_every_way_to_write_it(uuid: str, octets: str) -> None:
    said = json.loads(json.dumps(decode(uuid, octets)))
    assert said["fields"]["systolic"] == 120
    (reading,) = said["readings"]
    assert reading["kind"] == "blood_pressure"
    assert reading["validity"] == "valid"
    assert [(value["name"], value["number"]) for value in reading["values"]] == [
        ("systolic", "120"),
        ("diastolic", "80"),
        ("mean_pressure", "93"),
    ]


def test_a_missing_number_says_why() -> None:
    said = json.loads(json.dumps(decode("2A35", "00ff0750005d00"), allow_nan=False))
    assert said["fields"]["systolic"] == "NaN"
    assert said["readings"][0]["values"][0] == {
        "name": "systolic",
        "mdc": 150021,
        "unit": "mm[Hg]",
        "absent": "NaN",
    }


@pytest.mark.parametrize(
    ("uuid", "octets", "fields"),
    [
        ("2A19", "64", {"level": 100}),
        ("SFLOAT", "76b0", {"value": 0.00118}),
        ("FLOAT", "01fe03fc", {"value": 26.1633}),
        ("2A24", "424d3537", {"text": "BM57"}),
    ],
)
def test_what_makes_no_reading_shows_its_fields(
    uuid: str, octets: str, fields: dict[str, object]
) -> None:
    assert decode(uuid, octets) == {"fields": fields, "readings": []}


@pytest.mark.parametrize(
    ("uuid", "octets", "says"),
    [
        ("2A35", "0078", "too short: the systolic pressure needs"),
        ("2A35", f"{CUFF}00", "too long"),
        ("2A35", "", "too short"),
        ("2A19", "65", "between 0 and 100"),
    ],
)
def test_octets_that_break_the_specification(uuid: str, octets: str, says: str) -> None:
    with pytest.raises(DecodeError, match=says):
        decode(uuid, octets)


@pytest.mark.parametrize(
    ("uuid", "octets", "says"),
    [
        ("2A35", "0", "no hex"),
        ("2A35", "zz", "no hex"),
        ("2A35", "0x00", "no hex"),
        ("heart", CUFF, "no UUID"),
        ("", CUFF, "no UUID"),
        ("-1", CUFF, "no UUID"),
        ("123456789", CUFF, "no UUID"),
        ("2ACD", CUFF, "no codec reads '2ACD'; known are 2A08"),
    ],
)
def test_text_that_is_no_uuid_or_no_octets(uuid: str, octets: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        decode(uuid, octets)
    assert not isinstance(caught.value, DecodeError)


@given(uuid=st.text(max_size=40), octets=st.text(max_size=20))
def test_any_text_gives_one_line(uuid: str, octets: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - any text at all: any of the reasons
        decode(f"?{uuid}", octets)
    assert len(str(caught.value).splitlines()) == 1
