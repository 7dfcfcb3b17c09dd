"""What a message says: that there is work and how urgent, never a value, a name or a serial."""

from typing import Final

from alerting.languages import translator
from alerting.ports import Message, Purpose
from alerting.words import Translate, template

SUBJECTS: Final = {
    Purpose.NEW: template("Hearthline: a new {priority} task"),
    Purpose.REMINDER: template("Hearthline: a {priority} task waits for somebody to take it"),
    Purpose.OVERDUE: template("Hearthline: a {priority} task is overdue"),
    Purpose.DIGEST: template("Hearthline: {tasks} tasks wait, the most urgent is {priority}"),
    Purpose.TEST: template("Hearthline: a test message, nothing to do"),
    Purpose.WATCHDOG: template("Hearthline: the watchdog raises an alarm"),
}
QUEUES: Final = {
    "clinical": template("Queue: clinical"),
    "adherence": template("Queue: adherence"),
    "technical": template("Queue: technical"),
}
WATCHDOG: Final = template(
    "A reading may not become a task now, and nobody would be told. Look after the gateway: "
    "`hearthline-gateway watchdog check` says how far the last test came."
)
LOOK: Final = template("Please look at the worklist of Hearthline.")
WHERE: Final = template("The task: {link}")


def subject(message: Message) -> str:
    """Return one line, in the language of who reads it."""
    translate = translator(message.language)
    said = SUBJECTS[message.purpose]
    return translate(said).format(priority=message.priority, tasks=message.tasks)


def body(message: Message, console: str | None = None) -> str:
    """Return the text below the subject. `console` is the address of the console, if it has one."""
    if message.purpose is Purpose.TEST:
        return subject(message)
    if message.purpose is Purpose.WATCHDOG:
        return translator(message.language)(WATCHDOG)
    translate = translator(message.language)
    lines = [translate(message.title) if message.title else None, _queue(message, translate)]
    lines += [_where(message, translate, console)]
    return "\n".join(line for line in lines if line)


def short(message: Message, console: str | None = None) -> str:
    """Return subject and text as one, for a telephone."""
    lines = [subject(message), *(body(message, console).splitlines())]
    return " ".join(dict.fromkeys(lines))


def _queue(message: Message, translate: Translate) -> str | None:
    return translate(QUEUES[message.queue]) if message.queue else None


def _where(message: Message, translate: Translate, console: str | None) -> str:
    if console is None or message.task is None:
        return translate(LOOK)
    return translate(WHERE).format(link=f"{console.rstrip('/')}/tasks/{message.task}")
