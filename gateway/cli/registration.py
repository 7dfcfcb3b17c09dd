"""What `register` reads: whole homes at once, with the people, devices and hub of each."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from device_profiles.registry import PROFILES
from device_profiles.wire.keys import Suite
from gateway.cli import given
from gateway.errors import WrongInput


def _checked(check: Callable[[str], str]) -> AfterValidator:
    """Check it as if it were typed on the command line."""

    def validate(text: str) -> str:
        try:
            return check(text)
        except WrongInput as error:
            raise ValueError(str(error)) from None

    return AfterValidator(validate)


Name = Annotated[str, _checked(given.name)]


def _a_profile(key: str) -> str:
    if key not in PROFILES:
        raise ValueError(f"there is no profile {key}; docs/devices.md lists them")
    return key


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewDevice(_Strict):
    """A device and whose it is; `slot` where it has several users, each in an entry of its own."""

    address: Annotated[str, _checked(given.address)]
    profile: Annotated[str, AfterValidator(_a_profile)]
    person: Name
    slot: Annotated[int, Field(ge=0, le=255)] | None = None


class NewHome(_Strict):
    """A home: its hub is called `name`, its folder will be too."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    timezone: Annotated[str, _checked(given.zone)] = "UTC"
    suite: Suite = Suite.MLKEM768_X25519
    people: Annotated[tuple[Name, ...], Field(min_length=1)]
    devices: tuple[NewDevice, ...] = ()

    @model_validator(mode="after")
    def _everybody_is_there(self) -> Self:
        if {device.person for device in self.devices} - set(self.people):
            raise ValueError(f"a device of {self.name} is of somebody who is not among its people")
        return self


class Registration(_Strict):
    """The whole file. Devices belong to their people since `since`, by default from now on."""

    organisation: Name
    homes: Annotated[tuple[NewHome, ...], Field(min_length=1)]
    since: datetime | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [home.name for home in self.homes]
        if twice := [name for at, name in enumerate(names) if name in names[:at]]:
            raise ValueError(f"two homes are called {twice[0]}")
        return self

    def start(self, now: datetime) -> datetime:
        """Return since when the devices belong to their people; a time without a zone is UTC."""
        if self.since is None:
            return now
        return self.since if self.since.tzinfo else self.since.replace(tzinfo=UTC)


def read(path: Path) -> Registration:
    """Read the file, YAML or JSON. Raises WrongInput that names the place, and no value."""
    try:
        return Registration.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise WrongInput(f"{path} is not YAML ({type(error).__name__}).") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise WrongInput(f"{path}: {where}: {first['msg']}.") from None
