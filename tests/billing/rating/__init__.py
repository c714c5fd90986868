"""The pricing function: hand-calculated cases, properties, terms as JSON and as OCPI."""
