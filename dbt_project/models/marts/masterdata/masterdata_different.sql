with entry as (
  select *
  from jsonb_to_recordset({{ policy_json('masterdata.different') }})
    as entry (client text, rule text, records bigint[], owner text, reason text, until date)
)

select
  period.client_id,
  period.quarter,
  entry.rule,
  least(entry.records[1], entry.records[2]) as record_id,
  greatest(entry.records[1], entry.records[2]) as other_record_id,
  entry.owner,
  entry.reason,
  entry.until as until_on,
  case
    when entry.until < period.as_of_on then 'expired'
    when used.client_id is null then 'not needed'
    else 'holds'
  end as state,
  period.as_of_at
from entry
join {{ ref('int_review__period') }} as period on period.client_id = entry.client
left join {{ ref('masterdata_exception') }} as used
  on used.client_id = period.client_id and used.rule = entry.rule and used.is_waived
  and used.other_record_id = least(entry.records[1], entry.records[2]) and used.record_id = greatest(entry.records[1], entry.records[2])
