with matched as (
  select change_id, count(*) as finding_count
  from {{ ref('int_drift__approval') }}
  where comparison = 'night' and source = 'register'
  group by change_id
),

judged as (
  select
    approved.*,
    period.quarter,
    period.as_of_at,
    coalesce(matched.finding_count, 0) as finding_count,
    case
      when coalesce(matched.finding_count, 0) > 1 then 'matches twice'
      when matched.finding_count = 1 then 'matched'
      when approved.until_on < period.quarter_starts_on then 'over before the quarter'
      when approved.until_on < period.as_of_on then 'expired'
      else 'waiting'
    end as state
  from {{ source('ops', 'approved_change') }} as approved
  join {{ ref('int_review__period') }} as period on period.client_id = approved.client_id
  left join matched on matched.change_id = approved.change_id
  where approved.build_id = {{ build_id() }}
)

select
  client_id,
  quarter,
  change_id,
  entity,
  key,
  from_on,
  until_on,
  approved_by,
  reason,
  ticket,
  finding_count,
  state,
  case state
    when 'matches twice' then 'fits ' || finding_count || ' changes and explains none of them: name the record, or narrow the days'
    when 'expired' then 'its last day is over and it fits no change: nothing like it was seen'
    when 'waiting' then 'fits no change yet'
    when 'over before the quarter' then 'its days lie before the quarter under review'
    else ''
  end as message,
  as_of_at
from judged
