"""What of an entry is configuration: declared content whose every state is kept and whose changes are drift.

How changes are attributed to causes is the dbt project's work; it is handed these declarations by `transform`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field as Attribute

from driftline.catalogue.versions import Identifier, ModelName
from driftline.declarations import Strict

if TYPE_CHECKING:
    from driftline.catalogue.entry import Catalogue, Entry

Area = Literal[
    "modules", "customisation", "automation", "settings", "accounting", "mail", "reporting", "access"
]  # fmt: skip


class Configuration(Strict):
    """How the rows of one model count as configuration.

    `label` names the field that a reader knows a row by. `bookkeeping` lists fields that move by themselves or follow
    from others: they are no content. `only` is an SQL condition on the entry's fields: other rows are none of ours.
    `part_of` and `brings` say for fields that point at another model's record which of the two comes with which: a row
    is part of what it points at, or brings it. What changed together in one stroke is one finding.
    """

    area: Area
    label: Identifier | None = None
    bookkeeping: tuple[Identifier, ...] = ()
    only: str = ""
    part_of: dict[Identifier, ModelName] = Attribute(default_factory=dict)
    brings: dict[Identifier, ModelName] = Attribute(default_factory=dict)

    def check(self, entry: Entry) -> None:
        """Raise ValueError for what does not fit the entry."""
        known = {*entry.fields, *entry.key}
        named = {*self.bookkeeping, *self.part_of, *self.brings, *({self.label} if self.label else set())}
        if unknown := sorted(named - known):
            raise ValueError(f"configuration names what is no field: {', '.join(unknown)}")
        if entry.kind == "model" and not (entry.stamps and self.label):
            raise ValueError("configuration needs stamps (who wrote it last, and when) and a label")


def configuration_variable(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Give the declarations as the dbt project's variable `configuration`: one mapping per model, by model name."""
    return [
        {
            "model": entry.model,
            "table": entry.table,
            "area": entry.configuration.area,
            "key": list(entry.key),
            "is_stamped": entry.stamps,
            "label": entry.configuration.label,
            "content": [name for name in entry.fields if name not in entry.configuration.bookkeeping],
            "only": entry.configuration.only,
            "part_of": dict(entry.configuration.part_of),
            "brings": dict(entry.configuration.brings),
        }
        for entry in sorted(catalogue, key=lambda entry: entry.model)
        if entry.configuration
    ]
