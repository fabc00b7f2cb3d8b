"""How the help of a command shows its use."""


def example(words: str) -> str:
    """Write the line that ends the help of a command: `words` as they are typed behind `python -m api`."""
    return f"Example: python -m api {words}"
