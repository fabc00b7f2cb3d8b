"""What is known of the IATI activity standard: its codes, its identifiers, and how its percentages become shares."""
