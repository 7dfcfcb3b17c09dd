"""Who the virtual patients are: what differs from a healthy person, and what goes wrong how often.

Traits that are not named here are those of a healthy person, in the file of each vital sign.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from simulators.vitals.glucose import GlucoseTraits, Slot
from simulators.vitals.oxygen import OxygenTraits
from simulators.vitals.pressure import Pair, PressureTraits, Routine
from simulators.vitals.pulse import PulseTraits
from simulators.vitals.setbacks import (
    DECOMPENSATION,
    EXACERBATION,
    FEVER,
    HYPOGLYCAEMIA,
    PRE_ECLAMPSIA,
    SEVERE_PRESSURE,
    SICK_DAY,
)
from simulators.vitals.temperature import TemperatureTraits
from simulators.vitals.weight import WeightTraits


@dataclass(frozen=True, slots=True)
class Condition:
    """A kind of patient."""

    title: str
    pressure: PressureTraits = PressureTraits()
    pulse: PulseTraits = PulseTraits()
    glucose: GlucoseTraits = GlucoseTraits()
    oxygen: OxygenTraits = OxygenTraits()
    temperature: TemperatureTraits = TemperatureTraits()
    weight: WeightTraits = WeightTraits()
    rates: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({FEVER: 0.5}))
    """Setbacks per year. Chosen, but for COPD."""
    shown: tuple[str, ...] = (FEVER,)
    """Which of them come once for sure, early, when somebody wants to see them."""


HEALTHY: Final = Condition("a healthy adult")

# Mean of a hypertension clinic's patients at home: 133.2 (SD 15.5) / 76.9 (9.3) mmHg, J Hypertens,
# author manuscript PMC2941726.
HYPERTENSION: Final = Condition(
    "an adult with treated hypertension",
    pressure=PressureTraits(mean=Pair(133.2, 76.9), between=14.0, pulse_pressure=6.0),
    weight=WeightTraits(mean=82, between=14),
    rates={FEVER: 0.5, SEVERE_PRESSURE: 1.0},
    shown=(SEVERE_PRESSURE,),
)

# All levels chosen; one decompensation in half a year.
HEART_FAILURE: Final = Condition(
    "an adult with heart failure",
    pressure=PressureTraits(mean=Pair(118, 70), between=14.0, pulse_pressure=6.0),
    pulse=PulseTraits(mean=74, between=9),
    oxygen=OxygenTraits(mean=95.8, between=1.0),
    weight=WeightTraits(mean=82, between=15, water=0.55, trend=(0.0, 0.1)),
    rates={FEVER: 0.5, DECOMPENSATION: 2.0},
    shown=(DECOMPENSATION,),
)

# From the recording uci-diabetes (insulin-treated outpatients): root of glucose by time of day, its
# spread within and between people. A rise after meals of 1.23 mg/dL/min for 72 min (Daenen et al.
# 2010, Diabetes Metab 36:165-9) is 89 mg/dL; 35 of it are left after 100 minutes of insulin, in
# the recording 17 to 53. A morning rise of 16 mg/dL (0 to 31.5) is known from type 2 diabetes
# (Monnier et al. 2013, Diabetes Care, PMC3836163).
INSULIN_SLOTS: Final = (
    Slot("before breakfast", 7.6, 0.55),
    Slot("after breakfast", 7.75, 0.55, 0.1),
    Slot("before lunch", 12.1, -0.65),
    Slot("after lunch", 12.25, -0.65, 0.1),
    Slot("before supper", 17.8, 0.1),
    Slot("after supper", 18.0, 0.1, 0.1),
    Slot("bedtime", 22.0, 0.0),
)
DIABETES: Final = Condition(
    "an adult with insulin-treated diabetes",
    pressure=PressureTraits(mean=Pair(128, 75), between=13.0, pulse_pressure=6.0),
    glucose=GlucoseTraits(
        root=12.05,
        between=0.7,
        within=(2.74, 0.6),
        daily=0.3,
        meal=(35.0, 25.0),
        slots=INSULIN_SLOTS,
    ),
    weight=WeightTraits(mean=84, between=15),
    rates={FEVER: 0.5, SICK_DAY: 2.0, HYPOGLYCAEMIA: 6.0},
    shown=(SICK_DAY, HYPOGLYCAEMIA),
)

# Stable COPD: SpO2 94 to 95 %, heart rate 77 to 80/min (Hurst et al. 2010, BMC Pulm Med 10:52,
# table 2); SD between people chosen. Exacerbations: 1.2 a year (Brat et al. 2018, Int J Chron
# Obstruct Pulmon Dis, PMC5877495).
COPD: Final = Condition(
    "an adult with COPD",
    pressure=PressureTraits(mean=Pair(126, 74), between=13.0, pulse_pressure=6.0),
    pulse=PulseTraits(mean=78, between=9),
    oxygen=OxygenTraits(mean=94.5, between=1.5),
    weight=WeightTraits(mean=74, between=15),
    rates={FEVER: 0.5, EXACERBATION: 1.2},
    shown=(EXACERBATION,),
)

# The recording bp-preg: women who came to a day clinic because pre-eclampsia was feared. A sitting
# of up to nine readings, half an hour apart, by an observer; levels, spreads and the fall after
# the first reading are from it.
DAY_CLINIC: Final = Routine(
    hours=(9.0,), readings=(5, 9), apart_min=(30, 30), every_days=3, observer=True
)
PREGNANCY: Final = Condition(
    "a pregnant woman with raised pressure, in a day clinic",
    pressure=PressureTraits(
        mean=Pair(126.8, 81.5),
        between=5.6,
        pulse_pressure=3.2,
        daily=4.5,
        sitting=4.8,
        reading=5.8,
        own=0.65,
        amplitude=Pair(0.0, 0.0),  # the recording has no time of day
        morning=0.0,
        first_reading=Pair(7.6, 4.9),
        first_day=Pair(0.0, 0.0),
        routine=DAY_CLINIC,
    ),
    pulse=PulseTraits(mean=84, between=9),
    weight=WeightTraits(mean=80, between=15, trend=(0.45, 0.15)),
    rates={FEVER: 0.5, PRE_ECLAMPSIA: 1.0},
    shown=(PRE_ECLAMPSIA,),
)

CONDITIONS: Final[Mapping[str, Condition]] = {
    "healthy": HEALTHY,
    "hypertension": HYPERTENSION,
    "heart-failure": HEART_FAILURE,
    "diabetes": DIABETES,
    "copd": COPD,
    "pregnancy": PREGNANCY,
}
