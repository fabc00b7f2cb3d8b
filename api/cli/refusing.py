"""Says in one line why a command does not do what it was asked for."""


def print_error(text: str) -> None:
    """Print what is wrong, in red where that can be seen."""
    from api.cli.reporting import err  # what is for terminals takes its time to load, and mostly nothing is wrong

    err.print(f"error: {text}", style="red", markup=False, highlight=False)
