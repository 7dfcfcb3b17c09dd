"""A bound: a limit with its sign, as clinicians write it in a rule pack."""

import operator
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from pydantic import GetJsonSchemaHandler, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from alerting.model import Direction
from alerting.words import Said, template
from device_profiles.reading import Frozen

_REACHED: Final[dict[str, Callable[[Decimal, Decimal], bool]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_HIGH: Final = frozenset({">=", ">"})
_WORDS: Final = {
    ">=": template("at or above {limit}"),
    ">": template("above {limit}"),
    "<=": template("at or below {limit}"),
    "<": template("below {limit}"),
}


class Bound(Frozen):
    """A limit as people write it: `< 54`, `>= 180`."""

    sign: Literal[">=", ">", "<=", "<"]
    limit: Decimal

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _core: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": r"^(>=|>|<=|<) -?[0-9]+(\.[0-9]+)?$",
            "description": cls.__doc__,
        }

    @model_validator(mode="before")
    @classmethod
    def _written(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        sign, _, limit = value.strip().partition(" ")
        try:
            return {"sign": sign, "limit": Decimal(limit.strip())}
        except InvalidOperation:
            raise ValueError('a bound is a sign and a number, as in "< 54"') from None

    @model_serializer
    def written(self) -> str:
        """Return it as people write it."""
        return f"{self.sign} {self.limit}"

    def __str__(self) -> str:
        return str(self.said())

    def said(self) -> Said:
        """Return it in words that can be translated."""
        return Said.of(_WORDS[self.sign], limit=str(self.limit))

    @property
    def direction(self) -> Direction:
        """Return the side that this bound guards."""
        return Direction.HIGH if self.sign in _HIGH else Direction.LOW

    def reached(self, number: Decimal) -> bool:
        """Tell whether the number is at or beyond this bound."""
        return _REACHED[self.sign](number, self.limit)

    def held(self, number: Decimal, margin: Decimal) -> bool:
        """Tell whether the number would reach this bound if it were worse by the margin."""
        worse = number + margin if self.sign in _HIGH else number - margin
        return _REACHED[self.sign](worse, self.limit)

    def contains(self, milder_one: "Bound") -> bool:
        """Tell whether everything that reaches this bound reaches the other one too."""
        if self.limit == milder_one.limit:
            return milder_one.sign.endswith("=") or not self.sign.endswith("=")
        return milder_one.reached(self.limit)
