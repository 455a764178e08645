-- depends_on: {{ ref('int_tickets__fact_before') }}
select owned.*
from {{ tickets_of('int_tickets__owned') }} as owned
