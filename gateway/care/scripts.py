"""What to say and ask on the telephone, by what a task is about. Our own words, all of them (J).

They are steps, not a triage protocol: what the answers mean is the clinician's to judge. Red flags
are in `red_flags.py`, what follows from them in `moves.py`.
"""

from collections.abc import Mapping
from typing import Final

from alerting.words import template
from gateway.care.about import OTHER

Steps = tuple[str, ...]

BEGIN: Final[Steps] = (
    template("Say who you are, and from which clinic."),
    template("Make sure that it is the patient: ask for the date of birth."),
)
END: Final[Steps] = (
    template("Say what happens next, and when you call again."),
    template("Remind them: in an emergency they call the emergency number; nobody waits here."),
)
_AGAIN: Final = template(
    "Ask them to measure again now: seated for five minutes, feet on the floor, arm at heart "
    "height, not talking; twice, a minute apart."
)
_FLAGS: Final = template("Go through the symptoms below first. One of them: the emergency number.")
_MEDICINES: Final = template("Medicines: taken today, changed lately, any missed?")

SCRIPTS: Final[Mapping[str, Steps]] = {
    "pressure high": (
        _FLAGS,
        _AGAIN,
        _MEDICINES,
        template("Coffee, smoking, pain, hurry or an argument within the last half hour?"),
        template("Still beyond the limit without symptoms: call the clinician while you wait."),
    ),
    "pressure low": (
        template("Dizzy, faint, fallen, confused, cold sweat? Then let them lie down."),
        _AGAIN,
        template("Eaten and drunk today? Vomiting, diarrhoea, bleeding?"),
        _MEDICINES,
    ),
    "glucose low": (
        template("Are they awake and able to swallow? If not: the emergency number, now."),
        template("15 g of sugar at once: a glass of juice, or glucose tablets. Stay on the line."),
        template("Measure again after 15 minutes; the same again while it is low."),
        template("Then something to eat. Insulin or tablets: when, how much, and meals?"),
        template("Is somebody with them for the next hours?"),
    ),
    "glucose high": (
        template("Thirst, passing much water, vomiting, belly pain, short of breath, drowsy?"),
        template("Hands washed before the measurement? Then measure again."),
        template("Have they ketone strips? Then measure ketones, and tell the clinician."),
        _MEDICINES,
        template("Fever, infection, cortisone, or more to eat than usual?"),
    ),
    "spo2 low": (
        _FLAGS,
        template("Warm hands, no nail varnish, hand still: measure again, read it after a minute."),
        template("How does it compare with their usual value, and at rest?"),
        template("More cough, phlegm of another colour, fever, swollen legs?"),
        template("Oxygen or inhaler at home: used as prescribed?"),
    ),
    "pulse high": (
        _FLAGS,
        template("Seated for five minutes, then measure again."),
        template("Palpitations, faint, fever, pain, less to drink than usual?"),
        _MEDICINES,
    ),
    "pulse low": (
        template("Dizzy, faint, fallen, confused, short of breath? Then the clinician, now."),
        template("Seated for five minutes, then measure again."),
        template("Medicines that slow the heart: changed lately, or taken twice?"),
    ),
    "weight high": (
        template("Weighed in the morning, after the toilet, before breakfast, on the same floor?"),
        template("More short of breath, flat lying harder, ankles or belly swollen?"),
        template("Salt, drink or a feast in the last days? Water tablets taken?"),
        template("Weigh again tomorrow at the same time."),
    ),
    "weight low": (
        template("Weighed in the morning, before breakfast, on the same floor?"),
        template("Dizzy on standing up, thirst, cramps, less to eat?"),
        template("Water tablets: more than usual?"),
    ),
    "temperature high": (
        template(
            "Shivering, confused, short of breath, stiff neck, rash? Then the clinician, now."
        ),
        template("Measure again in half an hour, at the same place of the body."),
        template("Cough, pain on passing water, a wound, somebody ill at home?"),
    ),
    OTHER: (
        _FLAGS,
        template("How do they feel against yesterday? Confused, drowsy, short of breath?"),
        template("Measure all of it again, seated and rested."),
        template("Call the clinician with the values and your impression."),
    ),
    "nothing measured": (
        template("Ask how they are first; it is a call, no reproach."),
        template("What keeps them: unwell, away, forgotten, the device, no strips?"),
        template("If the device: measure together now, and watch the reading arrive here."),
        template("Agree on a time of the day, and on whether to be reminded."),
    ),
    "consent withdrawn": (
        template("It is their right: no persuading. Is there something they want us to know?"),
        template("Agree when somebody comes for the hub and the devices, or how they are sent."),
        template("Tell them that their care goes on as before, and whom they call instead."),
        template("Then end the programme and the devices' assignment here."),
    ),
    "whose is it": (
        template("Was it you who measured? Somebody else at home, a guest?"),
        template("Not them: say so here, and agree on how others measure."),
    ),
    "equipment": (
        template("Has the hub power, and does its light show? Has anything been moved?"),
        template("Does the network at home work, on another device too?"),
        template("Do together what the task says, and wait until it shows here."),
    ),
}


def script(subject: str) -> Steps:
    """Return the steps for a task about this (`about.py`)."""
    return SCRIPTS.get(subject, SCRIPTS[OTHER])
