"""What the data are: shapes, vocabulary, money, taxonomy, classification. No I/O."""
