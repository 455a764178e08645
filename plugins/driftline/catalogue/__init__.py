"""What is read from Odoo: one YAML file per model in `entries/`, typed and checked here.

An entry says which canonical fields exist, in which Odoo versions, and how a value is decoded. Nothing outside the
entries is ever read. Version differences are resolved by `Entry.columns_for`; SQL is made elsewhere.
"""

from driftline.catalogue.configuration import Configuration, configuration_variable
from driftline.catalogue.entry import Catalogue, Column, Entry, Evidence, Via
from driftline.catalogue.field import Decoder, Field, Sensitivity, Stored
from driftline.catalogue.load import load_catalogue, load_evidence
from driftline.catalogue.versions import OdooVersion

__all__ = [
    "Catalogue",
    "Column",
    "Configuration",
    "Decoder",
    "Entry",
    "Evidence",
    "Field",
    "OdooVersion",
    "Sensitivity",
    "Stored",
    "Via",
    "configuration_variable",
    "load_catalogue",
    "load_evidence",
]
