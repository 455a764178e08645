{{ ticket_flow(unit='week', label='IYYY"W"IW', length='7 days', by_category=true) }}
