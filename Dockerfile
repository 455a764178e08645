# Driftline with Airflow, for docker-compose.yml. The packages are exactly the locked ones.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    AIRFLOW_HOME=/var/lib/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/driftline/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/driftline/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__DATABASE__EXTERNAL_DB_MANAGERS=airflow.providers.fab.auth_manager.models.db.FABDBManager \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    SCARF_ANALYTICS=false \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=false \
    DO_NOT_TRACK=1 \
    DRIFTLINE_HOME=/opt/driftline \
    DRIFTLINE_BUILD_DIR=/var/lib/driftline

RUN useradd --system --uid 50000 --create-home --home-dir /var/lib/airflow driftline \
    && mkdir -p /opt/driftline /var/lib/airflow/logs /var/lib/driftline \
    && chown -R driftline /var/lib/airflow /var/lib/driftline

WORKDIR /opt/driftline
COPY requirements.txt ./
RUN pip install --no-cache-dir uv && uv pip install --system --no-cache -r requirements.txt

# Owned by root: what runs must not be able to change its own code.
COPY pyproject.toml requirements.in docker-init.sh ./
COPY plugins plugins
RUN uv pip install --system --no-cache --no-deps --editable . && rm -rf /root/.cache
COPY dags dags
COPY dbt_project dbt_project
COPY expectations expectations
COPY config config

USER driftline
