#!/usr/bin/env bash
# Run by the service `init` of docker-compose.yml at every start, before Airflow's own services.
set -euo pipefail

airflow db migrate
airflow pools set driftline_sources "${SOURCES_POOL_SLOTS}" "Clients read at the same time"
driftline migrate

# Not `airflow users create`: it takes the password as an argument, which every process can read.
python - <<'PYTHON'
import os

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

with get_application_builder() as builder:
    security = builder.sm
    if security.find_user("admin"):
        print("The user 'admin' is there already; its password was left alone.")
    else:
        role = security.find_role("Admin")
        created = security.add_user(
            "admin", "Driftline", "Administrator", "admin@localhost", role, os.environ["AIRFLOW_ADMIN_PASSWORD"]
        )
        if not created:
            raise SystemExit("The user 'admin' could not be made.")
        print("Made the user 'admin'.")
PYTHON
