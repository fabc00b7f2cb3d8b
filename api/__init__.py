"""How the world talks to the service: HTTP and the command line. Knows no SQL."""
