"""Words that can be said in more than one language: a template in English, and what fills it."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_serializer, model_validator

from device_profiles.reading import Frozen

Translate = Callable[[str], str]


def in_english(template: str) -> str:
    """Return the template itself; gettext's other catalogues are keyed by it."""
    return template


def template(text: str) -> str:
    """Mark a text for the catalogues where it is not the first argument of `Said.of`."""
    return text


class Said(Frozen):
    """A sentence or a part of one. The template is the key of the catalogue; values fill it.

    Alerts keep it in this form, so that everybody reads the same alert in their own language.
    """

    template: str
    values: Annotated[dict[str, "str | Said"], Field(default_factory=dict)]

    @classmethod
    def of(cls, template: str, **values: "str | Said") -> Self:
        """Say it: `Said.of("is {bound}", bound="above 180")`."""
        return cls(template=template, values=values)

    def text(self, translate: Translate = in_english) -> str:
        """Return it in words."""
        filled = {
            name: value.text(translate) if isinstance(value, Said) else value
            for name, value in self.values.items()
        }
        return translate(self.template).format(**filled)

    def __str__(self) -> str:
        return self.text()

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"template": value} if isinstance(value, str) else value

    @model_serializer(mode="wrap")
    def _short(self, handler: Callable[[Any], dict[str, Any]]) -> Any:
        return handler(self) if self.values else self.template


SILENT: Final = Said(template="", values={})
