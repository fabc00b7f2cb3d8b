"""What the data are: shapes, vocabulary, money, taxonomy, classification. It reads only the files beside it."""
