with versions as (
  select client_id, 'helpdesk.ticket' as ticket_model, odoo_stage_id, stage_name, is_closed as is_closing, dbt_valid_from, dbt_valid_to
  from {{ ref('snap_odoo__helpdesk_ticket_stage') }}
  union all
  select client_id, 'helpdesk.ticket', odoo_stage_id, stage_name, is_closed, dbt_valid_from, dbt_valid_to
  from {{ ref('snap_odoo__helpdesk_stage') }}
  union all
  select stage.client_id, 'project.task', stage.odoo_stage_id, stage.stage_name, coalesce(told.is_closing, stage.is_folded),
    stage.dbt_valid_from, stage.dbt_valid_to
  from {{ ref('snap_odoo__project_task_type') }} as stage
  left join (
    -- 15.0 and 16.0 say at each task whether its stage closes.
    select client_id, odoo_stage_id, bool_or(is_closed) as is_closing
    from {{ ref('stg_odoo__project_task') }}
    where not is_deleted
    group by client_id, odoo_stage_id
  ) as told on told.client_id = stage.client_id and told.odoo_stage_id = stage.odoo_stage_id
),

named as (
  select
    versions.client_id,
    versions.ticket_model,
    versions.odoo_stage_id,
    versions.stage_name,
    coalesce(versions.is_closing, false) or coalesce(lower(btrim(versions.stage_name)) like any (policy.closing_names), false) as is_closing,
    {% for meaning in ['cancelled', 'rejected', 'merged', 'resolved', 'waiting'] %}
    coalesce(lower(btrim(versions.stage_name)) like any (policy.{{ meaning }}_names), false) as is_{{ meaning }},
    {% endfor %}
    versions.dbt_valid_from,
    versions.dbt_valid_to
  from versions
  left join {{ ref('int_tickets__policy') }} as policy on policy.client_id = versions.client_id
  where versions.dbt_valid_to is null or versions.dbt_valid_to > versions.dbt_valid_from
)

select
  client_id,
  ticket_model,
  odoo_stage_id,
  stage_name,
  is_closing,
  case
    when not is_closing then null
    when is_cancelled then 'cancelled'
    when is_rejected then 'rejected'
    when is_merged then 'merged'
    else 'done'
  end as outcome,
  is_resolved,
  is_waiting and not is_closing as is_waiting,
  -- Of the time before the first reading the first version is the best that is known.
  case when row_number() over stage = 1 then '-infinity' else dbt_valid_from end as holds_from,
  coalesce(dbt_valid_to, 'infinity') as holds_until
from named
window stage as (partition by client_id, ticket_model, odoo_stage_id order by dbt_valid_from)
