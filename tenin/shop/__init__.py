"""The shop's own data: catalogue, recommendations, orders and customers, and the demo shop."""
