"""What the OpenAPI document promises holds."""
