"""Every refusal and failure: its kinds, what becomes which, and what is said of wrong input."""
