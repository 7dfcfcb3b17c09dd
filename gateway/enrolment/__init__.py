"""How hubs come and stay: invited, enrolled, confirmed, renewed, replaced."""
