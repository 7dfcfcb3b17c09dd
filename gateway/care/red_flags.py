"""Which red flags a nurse asks for, by what a task is about (`about.py`): one table.

The order is that of asking. (J) is our own judgement, as is NEEDS_HELP at the end of every list:
hypoglycaemia of level 3, and whatever else no list has. Flags of no list are accepted all the same:
people tell of chest pain whatever they are asked.
"""

from collections.abc import Mapping
from typing import Final

from gateway.care.about import OTHER
from gateway.care.dispositions import RedFlag

Flags = tuple[RedFlag, ...]

# NHS, arrhythmia: palpitations with one of the first three are for 999. Confused (J).
_PULSE: Final[Flags] = (
    RedFlag.CHEST_PAIN,
    RedFlag.SHORT_OF_BREATH,
    RedFlag.FAINTED,
    RedFlag.CONFUSED,
    RedFlag.NEEDS_HELP,
)
# NHS and UK Sepsis Trust, sepsis: confused, slurred, drowsy, breathing, skin, rash, seizure; a very
# low temperature too. Stiff neck: NHS, meningitis (J).
_TEMPERATURE: Final[Flags] = (
    RedFlag.CONFUSED,
    RedFlag.DROWSY,
    RedFlag.TROUBLE_SPEAKING,
    RedFlag.SHORT_OF_BREATH,
    RedFlag.BLUE_LIPS,
    RedFlag.RASH,
    RedFlag.STIFF_NECK,
    RedFlag.SEIZURE,
    RedFlag.NEEDS_HELP,
)

ASKED: Final[Mapping[str, Flags]] = {
    # American Heart Association (heart.org): what makes 180/120 an emergency.
    "pressure high": (
        RedFlag.CHEST_PAIN,
        RedFlag.SHORT_OF_BREATH,
        RedFlag.BACK_PAIN,
        RedFlag.NUMBNESS,
        RedFlag.WEAKNESS,
        RedFlag.VISION_CHANGE,
        RedFlag.TROUBLE_SPEAKING,
        RedFlag.NEEDS_HELP,
    ),
    # Mayo Clinic, low blood pressure: shock is confusion, cold and pale skin, rapid breathing;
    # serious bleeding as its cause. Fainted and chest pain (J).
    "pressure low": (
        RedFlag.FAINTED,
        RedFlag.CONFUSED,
        RedFlag.COLD_SWEAT,
        RedFlag.DEEP_BREATHING,
        RedFlag.CHEST_PAIN,
        RedFlag.BLEEDING,
        RedFlag.NEEDS_HELP,
    ),
    # ADA Standards of Care, level 3, and Endocrine Society, severe hypoglycemia: altered mind or
    # body, seizure, unconscious, another's help. Who cannot swallow safely is given nothing by
    # mouth (Cincinnati Children's, severe hypoglycemia treatment).
    "glucose low": (
        RedFlag.CANNOT_BE_WOKEN,
        RedFlag.CONFUSED,
        RedFlag.CANNOT_SWALLOW,
        RedFlag.SEIZURE,
        RedFlag.NEEDS_HELP,
    ),
    # NHS, diabetic ketoacidosis, and HSE (Ireland), hyperglycaemia: vomiting, belly pain, rapid
    # breathing, drowsy, confused.
    "glucose high": (
        RedFlag.VOMITING,
        RedFlag.DROWSY,
        RedFlag.CONFUSED,
        RedFlag.DEEP_BREATHING,
        RedFlag.BELLY_PAIN,
        RedFlag.NEEDS_HELP,
    ),
    # NHS, shortness of breath, and NHS COVID oximetry at home (92 % and below): words, lips,
    # confusion, collapse, blood, chest. At rest more than usual, and drowsy, for lung disease (J).
    "spo2 low": (
        RedFlag.BREATHLESS_AT_REST,
        RedFlag.CANNOT_FINISH_SENTENCE,
        RedFlag.BLUE_LIPS,
        RedFlag.CONFUSED,
        RedFlag.DROWSY,
        RedFlag.CHEST_PAIN,
        RedFlag.COUGHING_BLOOD,
        RedFlag.FAINTED,
        RedFlag.NEEDS_HELP,
    ),
    "pulse high": _PULSE,
    "pulse low": _PULSE,
    # Mayo Clinic, heart failure: what to call 911 for.
    "weight high": (
        RedFlag.BREATHLESS_AT_REST,
        RedFlag.COUGHING_BLOOD,
        RedFlag.CHEST_PAIN,
        RedFlag.FAINTED,
        RedFlag.NEEDS_HELP,
    ),
    "temperature high": _TEMPERATURE,
    "temperature low": _TEMPERATURE,
    # NHS ambulance services, when to call 999: chest pain, breathing, unconscious, fits, bleeding,
    # stroke. Confused and fainted (J).
    OTHER: (
        RedFlag.CHEST_PAIN,
        RedFlag.SHORT_OF_BREATH,
        RedFlag.CANNOT_BE_WOKEN,
        RedFlag.CONFUSED,
        RedFlag.FAINTED,
        RedFlag.SEIZURE,
        RedFlag.BLEEDING,
        RedFlag.TROUBLE_SPEAKING,
        RedFlag.WEAKNESS,
        RedFlag.NEEDS_HELP,
    ),
}


def asked_for(subject: str) -> Flags:
    """Return the flags to ask for in a task about this."""
    return ASKED.get(subject, ASKED[OTHER])


def others(subject: str) -> Flags:
    """Return those that are not asked for, but may be told of."""
    return tuple(flag for flag in RedFlag if flag not in asked_for(subject))
