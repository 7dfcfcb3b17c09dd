"""FORA D40, a cuff that measures glucose too: as TaiDoc's others, but each result says which it is.

Facts: markchuang56/iOS-Demo (bit 7 of the minutes marks a blood pressure). A glucose result read as
a pressure would be a wrong diagnosis, so what is not marked is not read.
"""

from dataclasses import replace
from typing import Final

from device_profiles.about import About, Evidence, Pairing
from device_profiles.devices import taidoc_fora
from device_profiles.profile import Advertised, Group
from device_profiles.reading import Reading


def _readings(group: Group) -> tuple[Reading, ...]:
    made, told = taidoc_fora.readings(group), taidoc_fora.when(group)
    return made if told and told.pressure else ()


PROFILE: Final = replace(
    taidoc_fora.PROFILE,
    key="fora_d40",
    match=Advertised(
        taidoc_fora.SERVICE, "FORA D40", manufacturer="TaiDoc", model=r".*(D40|TD-?326\d).*"
    ),
    also=(Advertised(taidoc_fora.SERVICE, "FORA_D40"),),
    read={taidoc_fora.FRAMES: _readings},
    about=About(
        maker="TaiDoc, FORA",
        models="FORA D40 (blood pressure)",
        pairing=Pairing.BOND,
        notes=(
            "Its clock is read before anything else, then set.",
            "Glucose results are kept as they come and never read as a pressure.",
        ),
        missing="its glucose; which of its users was measured",
        evidence=Evidence.DOCUMENTATION,
    ),
)
