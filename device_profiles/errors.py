"""The errors of this package; each message speaks to a person and holds no health value."""


class DecodeError(ValueError):
    """These octets are not what the characteristic's specification allows."""


class WireError(ValueError):
    """This message is not one that we can accept; `code` is fixed and fit for a log."""

    code = "wire_error"
