"""A tag of tasks as policies name it. Odoo keeps upper and lower case as people typed them; here they are alike."""

from typing import Annotated

from pydantic import StringConstraints

Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, to_lower=True)]
