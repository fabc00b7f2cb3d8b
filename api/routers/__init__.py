"""One module for each kind of resource; a route is a sentence: parse, ask, answer."""
