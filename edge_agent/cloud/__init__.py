"""MQTT: session, topics, messages, signatures, delivery."""
