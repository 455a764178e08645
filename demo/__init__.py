"""The demo: five made-up clients (`demo.odoo`) and the PostgreSQL that carries them (`demo.postgres`).

Nothing here runs in production, and `driftline` imports nothing from here.
"""
