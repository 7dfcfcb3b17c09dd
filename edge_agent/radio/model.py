"""Reads what a device says of itself. Many have no such service, and some never answer."""

from typing import Final

from device_profiles.codecs.device_information import decode_text
from device_profiles.errors import DecodeError
from device_profiles.gatt import FIRMWARE_REVISION, MANUFACTURER_NAME, MODEL_NUMBER
from edge_agent.core.model import Model, shown
from edge_agent.errors import DeviceLost, DeviceRefused
from edge_agent.ports import Link

WANTED: Final = {
    "model": MODEL_NUMBER,
    "manufacturer": MANUFACTURER_NAME,
    "firmware": FIRMWARE_REVISION,
}


async def read_model(link: Link) -> Model:
    """Return what it tells. The first refusal ends it: each may cost the time of a whole call."""
    told: dict[str, str | None] = {}
    for name, uuid in WANTED.items():
        if not link.has(uuid):
            continue
        try:
            told[name] = shown(decode_text(await link.read(uuid)).text)
        except DeviceLost:
            raise
        except DeviceRefused:
            break
        except DecodeError:
            continue
    return Model(**told)
