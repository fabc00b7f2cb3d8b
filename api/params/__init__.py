"""The query parameters: what single ones take, the filters, lists, and spend. Models are composed by inheritance."""
