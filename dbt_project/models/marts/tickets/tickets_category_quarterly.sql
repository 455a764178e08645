{{ ticket_flow(unit='quarter', label='YYYY"Q"Q', length='3 months', by_category=true) }}
