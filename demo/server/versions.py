"""What differs between Odoo 14 and 20 in what a client of the external protocols sees. Not here: fields and tables.

Observed on 16 to 19 where recordings exist; 14, 15 and 20 follow public documentation.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """One version's way of answering."""

    major: int

    @property
    def serie(self) -> str:
        return f"{self.major}.0"

    @property
    def version_info(self) -> list[object]:
        return [self.major, 0, 0, "final", 0, ""]

    @property
    def rpc_error_code(self) -> int:
        return 200 if self.major <= 18 else 0

    @property
    def refuses_unknown_languages(self) -> bool:
        return self.major >= 18

    @property
    def has_json2(self) -> bool:
        return self.major >= 19

    @property
    def has_db_service(self) -> bool:
        return self.major <= 19

    @property
    def modern_domains(self) -> bool:
        """From 19 on, domains are objects: other errors, seconds instead of microseconds, empty equals NULL."""
        return self.major >= 19

    def invalid_leaf(self, leaf: tuple[object, ...]) -> str:
        return f"Invalid operator in condition {leaf!r}" if self.modern_domains else f"Invalid leaf {leaf!r}"

    def invalid_domain_field(self, model: str, field: str, leaf: tuple[object, ...]) -> str:
        word = "condition" if self.modern_domains else "leaf"
        return f"Invalid field {model}.{field} in {word} {leaf!r}"

    def invalid_field(self, model: str, field: str) -> str:
        return f"Invalid field {field!r} on {model!r}" if self.major >= 19 else _invalid_model_field(model, field)

    def invalid_order_field(self, model: str, field: str) -> str:
        return _invalid_model_field(model, field)

    def missing_method(self, model: str, method: str) -> str:
        if self.major >= 18:
            return f"The method '{model}.{method}' does not exist"
        return f"The method '{method}' does not exist on the model '{model}'"

    def private_method(self, model: str, method: str) -> str:
        name = f"'{model}.{method}'" if self.major >= 18 else method
        return f"Private methods (such as {name}) cannot be called remotely."


def _invalid_model_field(model: str, field: str) -> str:
    return f"Invalid field {field!r} on model {model!r}"


def dialect(version: str) -> Dialect:
    """Read "17.0" or "17"; refuse what this server has no metadata for."""
    major = int(version.split(".")[0])
    if not 14 <= major <= 20:
        raise ValueError(f"Odoo {version} is not served. Give one of 14.0 to 20.0.")
    return Dialect(major)
