"""The verbs, a module per noun. Only these write, publish and ring."""
