"""Ends a worker whose parent is gone: nobody would end it, and it would keep the port from who starts the service anew."""

import logging
import multiprocessing
import os
import signal

log = logging.getLogger("api")


def end_without_parent() -> None:
    """End this process as SIGTERM does, if it is one of several workers and the process that watched over them was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        log.warning("the process that watches over the workers is gone: this one ends too")
        os.kill(os.getpid(), signal.SIGTERM)
