"""What codes are called on a page: one English text for each, which the catalogues translate."""

from collections.abc import Mapping
from typing import Final

from alerting.words import template
from gateway.care.dispositions import Answered, Outcome, RedFlag, Urgency
from gateway.care.moves import Status
from gateway.storage.contacts import Channel, Reached, WithWhom
from gateway.storage.minutes import Activity

Labels = Mapping[str, str]

URGENCY: Final[Labels] = {
    Urgency.EMERGENCY_NOW: template("Emergency number, now"),
    Urgency.HOSPITAL_TODAY: template("To hospital today"),
    Urgency.CLINICIAN_1H: template("Clinician within 1 hour"),
    Urgency.CLINICIAN_4H: template("Clinician within 4 hours"),
    Urgency.VISIT_24H: template("Visit within 24 hours"),
    Urgency.VISIT_3D: template("Visit within 3 days"),
    Urgency.VISIT_2W: template("Visit within 2 weeks"),
    Urgency.SELF_CARE: template("At home, by themselves"),
}
OUTCOME: Final[Labels] = {
    Outcome.REPEAT_NORMAL: template("Measured again: as it should be"),
    Outcome.TECHNIQUE_TAUGHT: template("Showed how to measure"),
    Outcome.DEVICE_FIXED: template("Device or hub works again"),
    Outcome.MEDICATION_RECONCILED: template("Medicines compared with the list"),
    Outcome.MEDICATION_CHANGE_REQUESTED: template("Change of medicine asked for"),
    Outcome.VISIT_BOOKED: template("Visit booked"),
    Outcome.NO_ANSWER: template("Nobody answered"),
    Outcome.WRONG_PERSON: template("Somebody else measured"),
    Outcome.NO_ACTION: template("Nothing to do"),
}
RED_FLAG: Final[Labels] = {
    RedFlag.CHEST_PAIN: template("Chest pain"),
    RedFlag.SHORT_OF_BREATH: template("Short of breath"),
    RedFlag.BACK_PAIN: template("Back pain"),
    RedFlag.NUMBNESS: template("Numbness"),
    RedFlag.WEAKNESS: template("Weakness"),
    RedFlag.VISION_CHANGE: template("Sees differently"),
    RedFlag.TROUBLE_SPEAKING: template("Trouble speaking"),
    RedFlag.CANNOT_BE_WOKEN: template("Cannot be woken, or only just"),
    RedFlag.CONFUSED: template("Confused, or not as usual"),
    RedFlag.DROWSY: template("Drowsy, hard to keep awake"),
    RedFlag.CANNOT_SWALLOW: template("Cannot swallow"),
    RedFlag.SEIZURE: template("Seizure"),
    RedFlag.FAINTED: template("Fainted, or dizzy as if to faint"),
    RedFlag.COLD_SWEAT: template("Cold, pale, sweaty skin"),
    RedFlag.BLEEDING: template("Heavy bleeding"),
    RedFlag.VOMITING: template("Vomiting"),
    RedFlag.BELLY_PAIN: template("Belly pain"),
    RedFlag.DEEP_BREATHING: template("Deep or fast breathing"),
    RedFlag.BREATHLESS_AT_REST: template("Short of breath at rest, more than usual"),
    RedFlag.CANNOT_FINISH_SENTENCE: template("Cannot finish a sentence"),
    RedFlag.COUGHING_BLOOD: template("Coughs up blood or pink foam"),
    RedFlag.BLUE_LIPS: template("Blue, grey or blotchy lips or skin"),
    RedFlag.RASH: template("Rash that does not fade when pressed"),
    RedFlag.STIFF_NECK: template("Stiff neck"),
    RedFlag.NEEDS_HELP: template("Needs another person's help now"),
}
ANSWERED: Final[Labels] = {
    Answered.PATIENT: template("The patient"),
    Answered.CARER: template("A carer"),
    Answered.CLINICIAN: template("A clinician who is there"),
}
CHANNEL: Final[Labels] = {
    Channel.TELEPHONE: template("Telephone"),
    Channel.VIDEO: template("Video"),
    Channel.MESSAGE: template("Message"),
    Channel.VISIT: template("Visit"),
}
WITH_WHOM: Final[Labels] = {
    WithWhom.PATIENT: template("The patient"),
    WithWhom.CARER: template("A carer"),
    WithWhom.EMERGENCY_CONTACT: template("The emergency contact"),
    WithWhom.CLINICIAN: template("A clinician"),
    WithWhom.EMERGENCY_SERVICE: template("The emergency service"),
}
REACHED: Final[Labels] = {
    Reached.REACHED: template("Reached"),
    Reached.NO_ANSWER: template("No answer"),
    Reached.LEFT_MESSAGE: template("Left a message"),
    Reached.BUSY: template("Busy"),
    Reached.WRONG_PERSON: template("Wrong person"),
    Reached.DECLINED: template("Did not want to talk"),
}
ACTIVITY: Final[Labels] = {
    Activity.REVIEW: template("Looked at readings"),
    Activity.CALL: template("Call"),
    Activity.VISIT: template("Visit"),
    Activity.EDUCATION: template("Teaching"),
    Activity.COORDINATION: template("Coordination"),
    Activity.CARE_PLAN: template("Care plan"),
    Activity.DOCUMENTATION: template("Documentation"),
    Activity.SET_UP: template("Set-up"),
}
STATUS: Final[Labels] = {
    Status.REQUESTED: template("open"),
    Status.ACCEPTED: template("taken"),
    Status.IN_PROGRESS: template("in progress"),
    Status.ON_HOLD: template("waits for the patient"),
    Status.COMPLETED: template("closed"),
    Status.CANCELLED: template("ended by itself"),
    Status.ENTERED_IN_ERROR: template("was an error"),
}
EVENT: Final[Labels] = {
    "task_requested": template("Task opened"),
    "task_raised": template("Became more urgent"),
    "task_accepted": template("Taken"),
    "task_assigned": template("Somebody was asked"),
    "task_handed_over": template("Somebody else was asked"),
    "task_released": template("Given back"),
    "changed_elsewhere": template("Done in another system"),
    "refused_elsewhere": template("Done in another system, refused here"),
    "task_begun": template("Begun"),
    "task_waits": template("Waits for the patient"),
    "task_completed": template("Closed"),
    "task_cancelled": template("Ended by itself"),
    "task_noted": template("Noted"),
    "task_made": template("Made by hand"),
    "snoozed": template("Snoozed"),
    "woken": template("Snooze ended"),
    "opened": template("Alert began"),
    "evidence_added": template("More readings"),
    "raised": template("Alert became worse"),
    "lowered": template("Alert became milder"),
    "reopened": template("Alert came back"),
    "acknowledged": template("Alert seen"),
    "resolved": template("Alert is over"),
    "task_evidence_added": template("More readings"),
    "told": template("Somebody was told"),
    "nobody_to_tell": template("There was nobody to tell"),
    "notified": template("Message sent"),
    "not_notified": template("Message not sent"),
    "suppressed": template("Held back"),
}
RELATION: Final[Labels] = {
    "partner": template("partner"),
    "child": template("child"),
    "parent": template("parent"),
    "sibling": template("sibling"),
    "relative": template("relative"),
    "friend": template("friend"),
    "neighbour": template("neighbour"),
    "carer": template("carer"),
    "other": template("other"),
}
FUNCTION: Final[Labels] = {
    "lead": template("leads"),
    "physician": template("physician"),
    "nurse": template("nurse"),
    "coordinator": template("coordinator"),
    "pharmacist": template("pharmacist"),
    "dietitian": template("dietitian"),
    "therapist": template("therapist"),
    "social_worker": template("social worker"),
    "technician": template("technician"),
    "other": template("other"),
}
HUB_STATE: Final[Labels] = {
    "invited": template("invited"),
    "enrolled": template("waits to be confirmed"),
    "active": template("active"),
    "suspended": template("suspended"),
    "revoked": template("revoked"),
}
TROUBLE: Final[Labels] = {
    "battery_low": template("battery nearly empty"),
    "offline": template("the hub is not heard of"),
    "nothing_arrives": template("nothing arrives from any hub: operators look at it"),
    "held": template("readings are held: operators look at it"),
    "bond_lost": template("has to be paired again"),
    "pairing_refused": template("refuses to be paired"),
    "passkey_missing": template("asks for a passkey"),
    "passkey_wrong": template("has another passkey"),
    "no_display": template("wants a display"),
    "connection_failed": template("the connection failed"),
    "no_measurement": template("does not offer what is expected"),
    "profile_wrong": template("is another model"),
    "spool_full": template("the hub can keep no more"),
    "clock_unset": template("its clock has no date"),
    "clock_wrong": template("its clock is wrong"),
}
