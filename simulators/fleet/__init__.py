"""A fleet for load: many hubs that speak sealed MQTT, without radio and without agents."""
