with versions as (
  select client_id, 'helpdesk.ticket' as ticket_model, odoo_stage_id, is_closed as is_closing, dbt_valid_from, dbt_valid_to
  from {{ ref('snap_odoo__helpdesk_ticket_stage') }}
  union all
  select stage.client_id, 'project.task', stage.odoo_stage_id, coalesce(told.is_closing, stage.is_folded),
    stage.dbt_valid_from, stage.dbt_valid_to
  from {{ ref('snap_odoo__project_task_type') }} as stage
  left join (
    -- 15.0 and 16.0 say at each task whether its stage closes.
    select client_id, odoo_stage_id, bool_or(is_closed) as is_closing
    from {{ ref('stg_odoo__project_task') }}
    where not is_deleted
    group by client_id, odoo_stage_id
  ) as told on told.client_id = stage.client_id and told.odoo_stage_id = stage.odoo_stage_id
)

select
  client_id,
  ticket_model,
  odoo_stage_id,
  coalesce(is_closing, false) as is_closing,
  -- Of the time before the first reading the first version is the best that is known.
  case when row_number() over stage = 1 then '-infinity' else dbt_valid_from end as holds_from,
  coalesce(dbt_valid_to, 'infinity') as holds_until
from versions
where dbt_valid_to is null or dbt_valid_to > dbt_valid_from
window stage as (partition by client_id, ticket_model, odoo_stage_id order by dbt_valid_from)
