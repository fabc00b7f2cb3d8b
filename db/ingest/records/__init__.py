"""Valid records or rejections with reasons, and what is stored of them: statements, components, decisions."""
