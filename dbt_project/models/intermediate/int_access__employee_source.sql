with listed as (
  select distinct on (list.client_id) list.client_id, list.version, list.row_count
  from {{ source('ops', 'staff_list') }} as list
  where list.imported_at <= {{ build_as_of_at() }}
  order by list.client_id, list.version desc
)

select
  period.client_id,
  case when listed.row_count > 0 then 'staff list' when staff.is_present then 'hr.employee' end as employee_source,
  case when listed.row_count > 0 then listed.version end as list_version
from {{ ref('int_review__period') }} as period
left join listed on listed.client_id = period.client_id
left join {{ ref('int_review__model_state') }} as staff
  on staff.client_id = period.client_id and staff.model = 'hr.employee'
