-- The backlog of the flow is a running sum of events. Counted again from the status that every single ticket had at the
-- end of the last complete quarter and at the moment of evaluation, it must be the same number.
with ends as (
  select client_id, period, least(period_ends_at, as_of_at) as ends_at, backlog_count
  from (
    select *, row_number() over (partition by client_id order by period_start_on desc) as place
    from {{ ref('tickets_flow_quarterly') }}
  ) as quarters
  where place <= 2
),

spans as (
  select
    client_id,
    event in ('opened', 'reopened') as is_open,
    happened_at as begins_at,
    coalesce(lead(happened_at) over (partition by client_id, source_client_id, ticket_id order by place), 'infinity') as ends_at
  from {{ ref('int_tickets__event') }}
),

counted as (
  select ends.client_id, ends.period, count(*) as open_count
  from ends
  join spans
    on spans.client_id = ends.client_id
    and spans.is_open
    and spans.begins_at < ends.ends_at
    and spans.ends_at >= ends.ends_at
  group by ends.client_id, ends.period
)

select ends.client_id, ends.period, ends.backlog_count, coalesce(counted.open_count, 0) as open_count
from ends
left join counted on counted.client_id = ends.client_id and counted.period = ends.period
where ends.backlog_count <> coalesce(counted.open_count, 0)
