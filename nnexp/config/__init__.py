"""The configuration: schema, rules across keys, composition."""
