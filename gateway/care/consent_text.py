"""What a patient agrees to, to be read aloud or signed. A change of it is a new version."""

from typing import Final

from alerting.words import template

VERSION: Final = "2026-11"
"""Kept with every consent: what was agreed to can be looked up."""

PARAGRAPHS: Final = (
    template(
        "The devices in your home send what they measure to your care team, who look at it on "
        "working days and call you where it is needed."
    ),
    template(
        "Nobody watches in real time. In an emergency call the emergency number; "
        "do not wait for us."
    ),
    template("You can stop at any time, by telling us. Your care goes on as before."),
    template(
        "One practice at a time can do this for you. It may be charged to your insurance, and a "
        "part of it may be yours to pay."
    ),
)
