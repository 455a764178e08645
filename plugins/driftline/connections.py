"""Where a client's Odoo is: the connection `odoo_<client>`, looked up in the environment as Airflow would."""

from __future__ import annotations

from driftline.addresses import to_source_url
from driftline.errors import ConfigError
from driftline.settings import Settings


def connection_id(client_id: str) -> str:
    """Name the Airflow connection of a client."""
    return f"odoo_{client_id}"


def client_url(settings: Settings, client_id: str) -> str:
    """Find a client's address in the environment; raise ConfigError naming the variable that is missing."""
    name = f"AIRFLOW_CONN_{connection_id(client_id).upper()}"
    raw = settings.connections.get(name)
    if not raw:
        raise ConfigError(
            f"no connection: {name} is not set.",
            client_id=client_id,
            hint="Set it to postgresql://user:password@host:port/database or to https://login:key@host/database, or add"
            f" the Airflow connection '{connection_id(client_id)}'.",
        )
    return to_source_url(raw, where=name, client_id=client_id)
