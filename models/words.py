"""Words of messages that depend on a number."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """Write a number with what it counts: "1 row", "1,200 rows". `many` is for plurals that do not end in an added s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
