-- depends_on: {{ ref('int_tickets__ticket') }}, {{ ref('int_tickets__tracked_change') }}, {{ ref('int_tickets__answer') }}, {{ ref('int_tickets__stage_span') }}
-- depends_on: {{ ref('int_tickets__status_change') }}, {{ ref('int_tickets__event') }}, {{ ref('int_tickets__open_span') }}, {{ ref('int_tickets__measured') }}
-- depends_on: {{ ref('int_tickets__promise') }}, {{ ref('int_tickets__milestone') }}, {{ ref('int_tickets__acknowledgement') }}, {{ ref('int_tickets__day') }}, {{ ref('int_tickets__hours') }}
select *, true as is_whole
from {{ ref('int_tickets__basis') }}
