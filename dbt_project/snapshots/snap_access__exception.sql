{% snapshot snap_access__exception %}
{{ config(alias='access_exception', unique_key=['client_id', 'odoo_user_id', 'rule'], indexes=[{'columns': ['client_id', 'odoo_user_id', 'rule']}]) }}
{# What is found no more is closed by a row of its own, as a deletion is: where its rule could be judged, and only by a build
   that speaks of its own moment. #}
{%- set before = load_relation(this) if execute else none %}
with judged as (
  select rules.client_id, rules.rule, rules.as_of_at
  from {{ ref('access_rule') }} as rules
  where rules.policy = 'access.yml' and rules.is_judged and rules.as_of_at = {{ build_as_of_at() }}
),

found as (
  select found.*
  from {{ ref('access_exception') }} as found
  join judged on judged.client_id = found.client_id and judged.rule = found.rule
),

told as (
  select client_id, odoo_user_id, rule, true as is_open, severity, since_at, detail, evidence_ids, policy, is_exempt
  from found
  {%- if before %}
  union all
  select known.client_id, known.odoo_user_id, known.rule, false, known.severity, known.since_at, known.detail,
    known.evidence_ids, known.policy, known.is_exempt
  from {{ this }} as known
  join judged on judged.client_id = known.client_id and judged.rule = known.rule
  where known.dbt_valid_to is null and known.is_open
    and not exists (
      select from found
      where found.client_id = known.client_id and found.odoo_user_id = known.odoo_user_id and found.rule = known.rule
    )
  {%- endif %}
)

select *, md5(row(is_open, severity, is_exempt)::text) as row_hash, {{ build_as_of_at() }} as snapshotted_at
from told
{% endsnapshot %}
