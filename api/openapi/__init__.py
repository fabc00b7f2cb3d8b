"""The OpenAPI document: what describes it, and the examples that stand in it, each recorded from an answer."""
