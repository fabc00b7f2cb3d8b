"""What answers are made of, computed anew for the projects that a run touched: verdicts, facts, lists, summaries."""
