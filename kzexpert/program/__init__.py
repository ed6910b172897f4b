"""A base and a date → what an engine runs: names resolved, conditions in order, strata, relevance, snapshot."""
