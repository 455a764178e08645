"""Five made-up clients as Odoo-shaped databases: Odoo's own tables of five versions, with two years of life.

`create` makes a client's database, `plant_night_two` changes it as `demo/truth.yml` says. Not here: the server that
carries the databases (`demo.postgres`), and anything that reads them.
"""

from __future__ import annotations

from demo.odoo.creation import create
from demo.odoo.database import DemoError
from demo.odoo.night_two import plant_night_two
from demo.odoo.truth import ClientTruth, Truth, load_truth

CLIENT_IDS: tuple[str, ...] = ("aegean", "boreal", "cordoba", "delta", "egret")

__all__ = ["CLIENT_IDS", "ClientTruth", "DemoError", "Truth", "create", "load_truth", "plant_night_two"]
