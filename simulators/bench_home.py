"""The home that the bench measures: devices of several kinds, one measurement at a time."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from simulators.home_file import HomeFile

EVERY_S: Final = 1.0
START_S: Final = 4.0
NUMBERS: Final[dict[str, dict[str, Any]]] = {
    "cuff": {"systolic": "128", "diastolic": "81", "pulse": "66"},
    "glucometer": {"glucose": "112"},
    "oximeter": {"spo2": "97", "pulse": "66"},
    "scale": {"weight": "71.5"},
    "thermometer": {"temperature": "36.8"},
    "body_scale": {"weight": "71.4", "fat": "22.5"},
    "cgm": {"glucose": "108"},
}


def bench_home(devices: int, readings: int) -> HomeFile:
    """Return a home with the first `devices` kinds, each of which measures `readings` times."""
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    kinds = tuple(NUMBERS)[:devices]
    entries = [
        {
            "address": f"C0:FF:EE:BE:00:0{place + 1}",
            "kind": kind,
            "name": kind,
            "measurements": [
                {
                    "after_s": START_S + (devices * n + place) * EVERY_S,
                    "device_time": (now - timedelta(minutes=readings - n)).isoformat(),
                    **NUMBERS[kind],
                }
                for n in range(readings)
            ],
        }
        for place, kind in enumerate(kinds)
    ]
    for entry in entries:
        if entry["kind"] == "cgm":
            entry["session_start"] = (now - timedelta(hours=readings)).isoformat()
    return HomeFile.model_validate({"seed": 1, "zone": "UTC", "devices": entries})
