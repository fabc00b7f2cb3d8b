"""What surrounds every answer: identifiers, methods, cross-origin use, caching and compression. Plain ASGI layers.

A layer that wraps request and response objects would cost two thirds of the throughput.
"""
