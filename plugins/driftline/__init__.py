"""Driftline: reads Odoo systems nightly, measures drift, tickets and access, and publishes what passed its checks.

docs/architecture.md names the modules and the direction of imports. Nothing here imports Airflow.
"""
