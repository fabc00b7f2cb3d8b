"""Spend as a picture: what is drawn (`choice`), its values (`figure`), its words, its Vega-Lite specification, its bytes."""
